"""The engines of the index benchmark behind one face: build, open, search, and the settings worth trying."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from shoplens.core.ports import VectorRow
from shoplens.core.spaces import Modality, Space

Chunks = Iterator[np.ndarray]


class Ours:
    """FlatVectors; the filter is a mask computed inside the timed call, as every other engine evaluates its own."""

    settings: list[dict[str, Any]] = [{}]

    def __init__(self, folder: Path, dimension: int) -> None:
        from shoplens.indexes.vectors import FlatVectors

        self._kind = FlatVectors
        self._folder = folder
        self._space = Space("benchmark", "1", dimension)

    def build(self, chunks: Chunks, price: np.ndarray) -> None:
        index = self._kind(self._space, "picture")
        number = 0
        for chunk in chunks:
            halves = chunk.astype(np.float16)
            for start in range(0, len(halves), 2000):
                batch = {}
                for half in halves[start : start + 2000]:
                    number += 1
                    batch[number] = [(VectorRow(number, f"{number:064x}", (number,)), half)]
                index.replace(batch, number)
        index.save(self._folder)

    def open(self, price: np.ndarray) -> None:
        self._index = self._kind.open(self._folder, self._space, "picture")
        self._price = np.concatenate([[np.float32(2)], price])

    def search(self, query: np.ndarray, k: int, below: float, kind: Modality, setting: dict[str, Any]) -> list[int]:
        variants = self._price < below if below < 1 else None
        found = self._index.search(query, k, variants, query_modality=kind)
        return [int(n) - 1 for n in found.products]


class Hnsw:
    """FAISS HNSW, M 32, efConstruction 100; filters by bitmap."""

    settings = [{"ef": ef} for ef in (32, 64, 128, 256, 512)]

    def __init__(self, folder: Path, dimension: int) -> None:
        import faiss

        self._faiss: Any = faiss
        self._path = str(folder / "hnsw.faiss")
        self._dimension = dimension

    def build(self, chunks: Chunks, price: np.ndarray) -> None:
        index = self._faiss.IndexHNSWFlat(self._dimension, 32, self._faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 100
        for chunk in chunks:
            index.add(chunk)
        self._faiss.write_index(index, self._path)

    def open(self, price: np.ndarray) -> None:
        self._index = self._faiss.read_index(self._path)
        self._price = price

    def search(self, query: np.ndarray, k: int, below: float, kind: Modality, setting: dict[str, Any]) -> list[int]:
        extra = {}
        if below < 1:
            self._bits = np.packbits(self._price < below, bitorder="little")
            extra["sel"] = self._faiss.IDSelectorBitmap(self._bits)
        params = self._faiss.SearchParametersHNSW(efSearch=setting["ef"], **extra)
        return [int(n) for n in self._index.search(query[None], k, params=params)[1][0] if n >= 0]


class Usearch:
    """usearch HNSW in f16; its Python package cannot filter, so matches are filtered afterwards from 40 / share."""

    settings = [{"ef": ef} for ef in (32, 64, 128, 256, 512)]

    def __init__(self, folder: Path, dimension: int) -> None:
        from usearch.index import Index

        self._kind: Any = Index
        self._path = str(folder / "usearch.bin")
        self._dimension = dimension

    def build(self, chunks: Chunks, price: np.ndarray) -> None:
        index = self._kind(ndim=self._dimension, metric="ip", dtype="f16", connectivity=16, expansion_add=100)
        for chunk in chunks:
            index.add(np.arange(len(index), len(index) + len(chunk)), chunk, threads=1)
        index.save(self._path)

    def open(self, price: np.ndarray) -> None:
        self._index = self._kind.restore(self._path)
        self._price = price

    def search(self, query: np.ndarray, k: int, below: float, kind: Modality, setting: dict[str, Any]) -> list[int]:
        wanted = k if below >= 1 else min(len(self._price), int(4 * k / below))
        self._index.expansion_search = max(setting["ef"], wanted)
        found = np.asarray(self._index.search(query, wanted, threads=1).keys, np.int64)
        return [int(n) for n in found[self._price[found] < below][:k]]


class QdrantEdge:
    """qdrant-edge: HNSW m 16 over f32 vectors with an indexed payload field."""

    settings = [{"ef": ef} for ef in (16, 32, 64, 128, 256)]

    def __init__(self, folder: Path, dimension: int) -> None:
        import qdrant_edge

        self._qe: Any = qdrant_edge
        self._folder = folder / "qdrant"
        self._dimension = dimension

    def build(self, chunks: Chunks, price: np.ndarray) -> None:
        qe = self._qe
        self._folder.mkdir()
        shard = qe.EdgeShard.create(
            str(self._folder),
            qe.EdgeConfig(
                vectors={"v": qe.EdgeVectorParams(size=self._dimension, distance=qe.Distance.Cosine)},
                hnsw_config=qe.HnswIndexConfig(
                    m=16, ef_construct=100, full_scan_threshold=10000, max_indexing_threads=1
                ),
                max_search_threads=1,
                optimizers=qe.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=10000),
            ),
        )
        shard.update(qe.UpdateOperation.create_field_index("price", qe.FloatIndexParams(enable_hnsw=False)))
        number = 0
        for chunk in chunks:
            for start in range(0, len(chunk), 1000):
                points = []
                for vector in chunk[start : start + 1000]:
                    points.append(qe.Point(number, {"v": vector.tolist()}, {"price": float(price[number])}))
                    number += 1
                shard.update(qe.UpdateOperation.upsert_points(points))
        shard.optimize()
        shard.flush()
        shard.close()

    def open(self, price: np.ndarray) -> None:
        self._shard = self._qe.EdgeShard.load(str(self._folder))

    def search(self, query: np.ndarray, k: int, below: float, kind: Modality, setting: dict[str, Any]) -> list[int]:
        qe = self._qe
        wanted = None
        if below < 1:
            wanted = qe.Filter(must=[qe.FieldCondition(key="price", range=qe.RangeFloat(lt=below))])
        request = qe.QueryRequest(
            limit=k,
            query=qe.Query.Nearest(query.tolist(), using="v"),
            filter=wanted,
            params=qe.SearchParams(hnsw_ef=setting["ef"]),
        )
        return [point.id for point in self._shard.query(request)]


class Lance:
    """LanceDB with IVF_RQ and IVF_PQ side by side (two tables); the setting says which, how wide and how deep."""

    settings = [
        {"table": table, "nprobes": probes, "refine": refine}
        for table in ("rq", "pq")
        for probes, refine in ((4, 4), (8, 4), (16, 4), (16, 10), (32, 10), (64, 10), (64, 30))
    ]

    def __init__(self, folder: Path, dimension: int) -> None:
        import lancedb
        import pyarrow

        self._lance: Any = lancedb
        self._arrow: Any = pyarrow
        self._folder = folder / "lance"
        self._dimension = dimension

    def build(self, chunks: Chunks, price: np.ndarray) -> None:
        from lancedb.index import BTree, IvfPq, IvfRq

        arrow = self._arrow
        shutil.rmtree(self._folder, ignore_errors=True)
        base = self._lance.connect(str(self._folder))
        tables: list[Any] = []
        done = 0
        for chunk in chunks:
            block = arrow.table(
                {
                    "id": arrow.array(np.arange(done, done + len(chunk))),
                    "vector": arrow.FixedSizeListArray.from_arrays(arrow.array(chunk.reshape(-1)), self._dimension),
                    "price": arrow.array(price[done : done + len(chunk)]),
                }
            )
            done += len(chunk)
            if tables:
                for table in tables:
                    table.add(block)
            else:
                tables = [base.create_table(name, block) for name in ("rq", "pq")]
        parts = max(1, min(512, done // 400))
        tables[0].create_index("vector", config=IvfRq(distance_type="dot", num_partitions=parts))
        # Its default of 50 iterations takes over five minutes for 20,000 rows on one core.
        pq = IvfPq(distance_type="dot", num_partitions=parts, num_sub_vectors=self._dimension // 4, max_iterations=10)
        tables[1].create_index("vector", config=pq)
        for table in tables:
            table.create_index("price", config=BTree())

    def open(self, price: np.ndarray) -> None:
        base = self._lance.connect(str(self._folder))
        self._tables = {name: base.open_table(name) for name in ("rq", "pq")}

    def search(self, query: np.ndarray, k: int, below: float, kind: Modality, setting: dict[str, Any]) -> list[int]:
        asked = self._tables[setting["table"]].search(query).distance_type("dot").select(["id", "_distance"]).limit(k)
        asked = asked.nprobes(setting["nprobes"]).refine_factor(setting["refine"])
        if below < 1:
            asked = asked.where(f"price < {below}", prefilter=True)
        found: list[int] = asked.to_arrow()["id"].to_pylist()
        return found


ENGINES: dict[str, Any] = {
    "ours": Ours,
    "hnsw": Hnsw,
    "usearch": Usearch,
    "qdrant-edge": QdrantEdge,
    "lancedb": Lance,
}
PACKAGES = {"usearch": "usearch", "qdrant-edge": "qdrant-edge-py", "lancedb": "lancedb pyarrow"}
