"""Photos of queries that are kept for a while, where the settings say so: painted anew, faces blurred, encrypted.

A search hands its photos over and goes on; all of it is done by a thread of its own. Where more come than it can do,
the others are not kept.
"""

from __future__ import annotations

import contextlib
import queue
import shutil
import threading
import time
from datetime import timedelta

import structlog

from shoplens.app import Shop
from shoplens.core.faces import FaceDetector
from shoplens.core.query import Query
from shoplens.errors import ConfigError, ShopLensError, StoreError
from shoplens.pictures.faces import YuNet, blurred
from shoplens.pictures.redact import repaint
from shoplens.server.jobs import FREE
from shoplens.stores.kept_photos import FOLDER, KeptPhotos, forget, key_of

SIDE = 1024
"""Shortest side of what is kept, in pixels, at most."""
MOST_WAITING = 32
"""Photos that may wait to be kept ..."""
MOST_BYTES = 64_000_000
"""... and bytes of their files: memory that no admission of searches knows of."""
LOOK_S = 60.0
"""How often those are removed whose time is over, in seconds, at most: each time the whole folder is looked through."""

log = structlog.get_logger("shoplens")


class Keeping:
    """Keeps the photos of queries. ``dropped``: how many were not kept for want of time.

    Args:
        look_s: how often those are removed whose time is over, in seconds.
    """

    def __init__(self, shop: Shop, kept: KeptPhotos, detector: FaceDetector | None, look_s: float = LOOK_S) -> None:
        self._shop, self._kept, self._detector, self._look_s = shop, kept, detector, look_s
        self.dropped = 0
        self._bytes, self._counting = 0, threading.Lock()
        self._waiting: queue.Queue[bytes | None] = queue.Queue(MOST_WAITING + 1)  # and what ends it
        self._thread = threading.Thread(target=self._loop, name="shoplens-keep-photos", daemon=True)
        self._thread.start()

    def offer(self, query: Query) -> None:
        """Hands over the photos of a query that was answered."""
        for photo in query.pictures:
            size = len(photo.data)
            with self._counting:
                if self._bytes + size > MOST_BYTES or self._waiting.qsize() >= MOST_WAITING:
                    self.dropped += 1
                    continue
                self._bytes += size
                self._waiting.put_nowait(photo.data)

    def close(self) -> None:
        """Keeps what waits, and ends."""
        self._waiting.put(None)
        self._thread.join()

    def _loop(self) -> None:
        looked = -self._look_s
        while True:
            rest = looked + self._look_s - time.monotonic()
            if rest <= 0:
                self._kept.forget()
                looked, rest = time.monotonic(), self._look_s
            try:
                data = self._waiting.get(timeout=rest)
            except queue.Empty:
                continue
            if data is None:
                return
            try:
                self._keep(data)
            except ShopLensError as error:
                log.error("a photo is not kept", error=str(error))
            except Exception:  # whatever happens to one, the others are kept, and old ones removed
                log.exception("a photo is not kept")
            finally:
                with self._counting:
                    self._bytes -= len(data)

    def _keep(self, data: bytes) -> None:
        if shutil.disk_usage(self._shop.folder).free < FREE:  # strangers send them: what is left is for the shop's own
            raise StoreError("the disk has too little room left", where=FOLDER, hint="free some space")
        pixels = self._shop.decoder().decode(data, SIDE).pixels
        if self._detector is not None:
            pixels = blurred(pixels, self._detector.faces(pixels))
        self._kept.put(repaint(pixels, SIDE))


def keeping_of(shop: Shop) -> Keeping | None:
    """What keeps the photos of a shop's queries; None where the settings keep none: what was kept before is removed.

    Raises:
        ConfigError: there is no key, or no face detector where faces are to be blurred.
        MissingExtraError: the package ``cryptography`` is not installed.
    """
    settings, folder = shop.config.uploads, shop.folder / FOLDER
    if not settings.keep_hours:
        with contextlib.suppress(OSError):
            forget(folder)
        return None
    kept = KeptPhotos(folder, key_of(settings), timedelta(hours=settings.keep_hours))
    if settings.blur_faces and settings.face_model is None:
        raise ConfigError(
            "faces are to be blurred, and there is no detector",
            where="uploads.face_model",
            hint="name the file of YuNet, face_detection_yunet_2023mar.onnx of the OpenCV model zoo",
        )
    detector = YuNet(settings.face_model) if settings.blur_faces and settings.face_model is not None else None
    return Keeping(shop, kept, detector, min(LOOK_S, max(1.0, 3_600 * settings.keep_hours)))
