"""The tokenizer of the text tower: byte-pair encoding over lower-cased NFKC text, Chinese characters one by one."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

PAD, UNKNOWN = "[PAD]", "[UNK]"


def train_tokenizer(texts: Iterable[str], size: int = 10_000) -> Tokenizer:
    """A tokenizer of at most ``size`` pieces. Padding is piece 0, what was never seen is piece 1."""
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    # BertNormalizer sets Chinese characters apart from the letters around them: 红色dress is read as 红 色 dress.
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, lowercase=True)]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Digits(individual_digits=True)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=2, special_tokens=[PAD, UNKNOWN], show_progress=False, limit_alphabet=6000
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
