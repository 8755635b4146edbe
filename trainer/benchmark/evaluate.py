#!/usr/bin/env python3
"""The losses of a checkpoint, in PyTorch and a few lines of its own: what `./folio evaluate` is checked against.

    PYTHONPATH=inference-service/benchmark/baselines python3 trainer/benchmark/evaluate.py checkpoints/VERSION input.txt

The validation text is the last tenth. carried-64: 64 streams side by side, state carried from the first character to
the last. windows-256: windows of 256 characters, each from a zero state. Every character but the first of each stream
or window is scored once.
"""
import sys

import torch
from torch.nn import functional

from network import load

network, characters = load(sys.argv[1], "cpu")
text = open(sys.argv[2], encoding="utf-8", newline="").read()
index = {character: i for i, character in enumerate(characters)}
ids = torch.tensor([index[character] for character in text[int(0.9 * len(text)):]])


@torch.no_grad()
def score(pieces):
    """The sum over pieces of one length, and how many characters were scored."""
    batch = torch.stack(pieces)
    state, total = None, 0.0
    for begin in range(0, batch.shape[1] - 1, 256):
        part = batch[:, begin:begin + 257]
        logits, state = network(part[:, :-1], state)
        total += functional.cross_entropy(logits.double().flatten(0, 1), part[:, 1:].flatten(), reduction="sum").item()
    return total, batch.shape[0] * (batch.shape[1] - 1)


def mean(pieces):
    sums = [score([piece for piece in pieces if len(piece) == length]) for length in {len(piece) for piece in pieces}]
    return sum(total for total, _ in sums) / sum(count for _, count in sums)


print(f"carried-64   {mean(list(torch.tensor_split(ids, 64))):.4f} nats")
print(f"windows-256  {mean([window for window in torch.split(ids, 256) if len(window) > 1]):.4f} nats")
