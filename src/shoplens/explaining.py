"""Reasons, put together: the word index's marks, the lexicon, and what the encoder's heads see."""

from __future__ import annotations

from functools import cache

from shoplens.attributes import Understanding, lexicon_notions
from shoplens.core.ports import Encoder
from shoplens.encoders.lexicon import load_compounds
from shoplens.engine.pages import Store
from shoplens.engine.reasons import Explainer
from shoplens.errors import ShopLensError
from shoplens.indexes.words_highlights import Marker
from shoplens.lexical import lexicon_asking, lexicon_words
from shoplens.understanding.agreeing import Agreeing, Said
from shoplens.understanding.describing import Describer


def explainer_of(store: Store, encoder: Encoder, name: str) -> Explainer[Said]:
    """What explains hits, with what the heads of an encoder tell of pictures.

    Args:
        name: as the setting ``encoder`` says it; heads may lie in the folder that it names.
    """
    understanding = Understanding(encoder, name)

    @cache
    def describer() -> Describer | None:
        try:
            heads = understanding.heads()
        except ShopLensError:  # damaged: doctor tells
            return None
        return None if heads is None else Describer(heads, lexicon_notions())

    agreeing = Agreeing(lexicon_asking().reading, load_compounds(), describer)
    return Explainer(
        store,
        lambda wordings, guessed: Marker(wordings, lexicon_words(), guessed),
        agreeing,
        encoder.card.space,
    )
