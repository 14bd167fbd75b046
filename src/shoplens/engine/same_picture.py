"""The very picture of the catalogue, found at once: a copy of the fingerprints that follows the store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Numbers
from shoplens.core.query import Query
from shoplens.core.spaces import Pixels
from shoplens.engine.parts import PartScores, no_variants

SOURCE = "same picture"
"""The source of the reason that a hit shows the very picture of the query."""

FAR = 14
"""Bits of 64 in which the hashes of one picture may differ: scaled, compressed, cut by a twentieth. Others do, too."""
APART = 11.0
"""How far the colours of one picture may lie apart, root mean square of 0 to 255 (ADR 0018)."""
ALTOGETHER = 18.0
"""Bits and colours together: what is far off in both is another thing, shot in the same way on the same white."""
_COPIES = 3
"""Bits in which the hashes of two copies in a catalogue may differ."""
_SAY = 40.0
"""What it counts, in log odds: more than all else together."""
_MOST = 200
"""Most candidates of one hash whose colours are looked at: those nearest to it."""
_CHUNK = 50_000
"""Fingerprints read at once."""
_SCANNED = 65_536
"""Hashes scanned at once, so that they stay in the cache."""

Bits = npt.NDArray[np.uint64]
Prints = Callable[[Pixels], Sequence[bytes]]
"""From pixels to the parts of a fingerprint that a photo may have: 8 bytes of hash, then colours."""


@dataclass(frozen=True, slots=True)
class Same:
    """The products that show the very picture of a part of the query: how sure that is, and the picture's hash."""

    part: str
    weight: float
    products: Mapping[int, tuple[float, str]]

    @property
    def numbers(self) -> Numbers:
        """The products' numbers."""
        return np.array(sorted(self.products), np.int64)

    def scores(self, candidates: Numbers) -> PartScores:
        """What it counts for each candidate: up to 40 log odds and certainty if it shows the picture, else nothing."""
        raw = np.array([self.products.get(number, (0.0, ""))[0] for number in candidates.tolist()], np.float64)
        shows = raw > 0
        given = self.weight * _SAY * shows * (0.5 + raw / 2)

        def key(position: int) -> str:
            return self.products.get(int(candidates[position]), (0.0, ""))[1]

        return PartScores(SOURCE, self.part, raw, given, shows.astype(np.float64), no_variants, key)


class PrintStore(Protocol):
    """What the copy reads."""

    def prints_after(self, last: int, limit: int) -> list[tuple[int, str, bytes]]:
        """Fingerprints added after number ``last``: (number, picture hash, fingerprint)."""

    def showing(self, keys: Sequence[str]) -> Mapping[str, list[int]]:
        """Picture hash -> numbers of the products that show it."""


class SamePictures:
    """Hashes of all pictures of a shop, in memory: 8 bytes and a colour sketch each. Safe to call from several threads.

    Fingerprints are only ever added, so that the copy reads on from the last one it has; a picture that no product
    shows any more is found, and leads to no product. ``prints``: the parts that a photo may have; ``part``: their size
    in bytes.
    """

    def __init__(self, store: PrintStore, prints: Prints, part: int) -> None:
        self._store, self._prints, self._part = store, prints, part
        self._lock = threading.Lock()
        self._last, self._count = 0, 0
        self._bits: Bits = np.empty(0, np.uint64)
        self._colours: npt.NDArray[np.uint8] = np.empty((0, 0), np.uint8)
        self._keys: list[str] = []

    def __len__(self) -> int:
        return self._count  # parts

    def follow(self) -> None:
        """Reads what was added since."""
        with self._lock:
            while rows := self._store.prints_after(self._last, _CHUNK):
                self._add([(key, data) for _, key, data in rows])
                self._last = rows[-1][0]

    def _add(self, rows: Iterable[tuple[str, bytes]]) -> None:
        some = [(key, data[at : at + self._part]) for key, data in rows for at in range(0, len(data), self._part)]
        raw = np.frombuffer(b"".join(data for _, data in some), np.uint8).reshape(len(some), self._part)
        bits = raw[:, :8].copy().view(">u8").astype(np.uint64).ravel()
        end = self._count + len(some)
        if end > len(self._bits):  # grown by half, so that adding stays cheap; readers keep the arrays that they have
            room = max(end, len(self._bits) * 3 // 2)
            wider, sketches = np.zeros(room, np.uint64), np.zeros((room, raw.shape[1] - 8), np.uint8)
            if self._count:
                wider[: self._count] = self._bits[: self._count]
                sketches[: self._count] = self._colours[: self._count]
            self._bits, self._colours = wider, sketches
        self._bits[self._count : end], self._colours[self._count : end] = bits, raw[:, 8:]
        self._keys += [key for key, _ in some]
        self._count = end

    def find(self, photo: Pixels) -> dict[str, float]:
        """Hashes of the pictures that the photo is, each with how sure that is, 0 to 1."""
        self.follow()
        count, bits, colours = self._count, self._bits, self._colours
        found: dict[str, float] = {}
        for data in self._prints(photo) if count else ():
            near = near_bits(bits[:count], int.from_bytes(data[:8], "big"), FAR, _MOST)
            sketch = np.frombuffer(data, np.uint8, offset=8).astype(np.float32)
            apart = np.sqrt(np.mean(np.square(colours[near].astype(np.float32) - sketch), axis=1))
            differ = np.bitwise_count(bits[near] ^ np.uint64(int.from_bytes(data[:8], "big")))
            same = (apart <= APART) & (apart + differ <= ALTOGETHER)
            for at, far, yes in zip(near.tolist(), apart.tolist(), same.tolist(), strict=True):
                if yes:
                    key = self._keys[at]
                    found[key] = max(found.get(key, 0.0), 1.0 - far / (2 * APART))
        return found

    def groups(self) -> dict[str, str]:
        """Hash of a picture -> that of the first one that is the same picture, for those of which there are several.

        Hashes of two copies that differ in three bits at most agree in one of four quarters: only pictures that do are
        compared, and no more than 64 neighbours in each quarter's order.
        """
        self.follow()
        count, bits, colours = self._count, self._bits, self._colours
        first: dict[str, str] = {}

        def root(key: str) -> str:
            while key in first:
                key = first[key]
            return key

        for quarter in range(4):
            band = (bits[:count] >> np.uint64(16 * quarter)) & np.uint64(0xFFFF)
            order = np.lexsort((bits[:count], band))
            for step in range(1, 64):
                a, b = order[:-step], order[step:]
                near = (band[a] == band[b]) & (np.bitwise_count(bits[a] ^ bits[b]) <= _COPIES)
                if not near.any():
                    break
                for one, other in zip(a[near].tolist(), b[near].tolist(), strict=True):
                    apart = np.sqrt(np.mean(np.square(colours[one].astype(np.float32) - colours[other])))
                    ends = sorted({root(self._keys[one]), root(self._keys[other])})
                    if apart <= APART and len(ends) == 2:
                        first[ends[1]] = ends[0]
        return {key: root(key) for key in first}

    def parts(self, query: Query, photos: Sequence[Pixels]) -> list[Same]:
        """For each photo of a query that is wanted the products that show it; those of none are left out."""
        out = []
        for number, (asked, photo) in enumerate(zip(query.pictures, photos, strict=True), 1):
            if asked.weight > 0 and (found := self.products(photo)):
                out.append(Same(f"image {number}", asked.weight, found))
        return out

    def products(self, photo: Pixels) -> dict[int, tuple[float, str]]:
        """Numbers of the products that show the photo, each with how sure that is and the hash of the picture."""
        found = self.find(photo)
        best: dict[int, tuple[float, str]] = {}
        for key, numbers in self._store.showing(list(found)).items():
            for number in numbers:
                best[number] = max(best.get(number, (0.0, "")), (found[key], key))
        return best


def near_bits(bits: Bits, wanted: int, most: int, limit: int) -> npt.NDArray[np.intp]:
    """Places of the hashes that differ from one in at most ``most`` bits, nearest first, at most ``limit``.

    A scan: 64 bits are compared in one step, a million in about 2 ms, whatever ``most`` is.
    """
    one, places, distances = np.uint64(wanted), [], []
    for start in range(0, len(bits), _SCANNED):
        far = np.bitwise_count(bits[start : start + _SCANNED] ^ one)
        some = np.flatnonzero(far <= most)
        if len(some):
            places.append(some + start)
            distances.append(far[some])
    if not places:
        return np.empty(0, np.intp)
    at = np.concatenate(places)
    return np.asarray(at[np.argsort(np.concatenate(distances), kind="stable")][:limit], np.intp)
