#!/usr/bin/env python3
"""Computes the losses of a checkpoint in PyTorch, independently of Folio, to check `./folio evaluate`.

    python3 trainer/benchmark/evaluate.py checkpoints/VERSION input.txt

The scored text is the last tenth of the file, or the last part of --split. carried-64 cuts it into 64 streams and
carries the state of each from the first character to the last. windows-256 cuts it into windows of 256 characters that
begin with a zero state. With --dynamic RATE,DECAY, one stream reads it: carried-1 without learning, and dynamic with a
step of https://arxiv.org/abs/1709.07432 after every 50 characters. Every character except the first of a stream or
window is scored once. Several checkpoints of one vocabulary are scored as an ensemble, by the mean of their logits.
"""
import argparse
import itertools
import pathlib
import sys

import torch
from torch.nn import functional

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "inference-service/benchmark/baselines"))
from network import load  # noqa: E402

SEGMENT = 50
STATISTICS_STEPS = 100
STATISTICS_ROWS = 64
FLOOR = 0.1

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("checkpoints", nargs="+", help="the folders of one or more checkpoints")
parser.add_argument("text", help="the file of the whole text, in UTF-8")
parser.add_argument("--split", default="90,10", help="the percentages of the parts")
parser.add_argument("--dynamic", metavar="RATE,DECAY",
                    help="also read the text dynamically, with the numbers of ./folio evaluate --dynamic")
parser.add_argument("--device", default="cpu")
arguments = parser.parse_args()

networks, vocabularies = zip(*(load(checkpoint, arguments.device) for checkpoint in arguments.checkpoints))
network, characters = networks[0], vocabularies[0]
if any(vocabulary != characters for vocabulary in vocabularies):
    parser.error("the checkpoints have different vocabularies")
if arguments.dynamic and len(networks) > 1:
    parser.error("--dynamic reads with one checkpoint")
network.train()  # cuDNN's backward pass asks for it; there is no dropout
text = open(arguments.text, encoding="utf-8-sig").read()
index = {character: i for i, character in enumerate(characters)}
shares = list(itertools.accumulate(float(share) for share in arguments.split.split(",")))
ends = [int(len(text) * (share / shares[-1])) for share in shares[:-1]]
ids = torch.tensor([index[character] for character in text], device=arguments.device)
training, scored = ids[:ends[0]], ids[ends[-1]:]


@torch.no_grad()
def score(pieces):
    """Returns the summed loss of pieces of equal length, in nats, and the number of scored characters."""
    batch = torch.stack(pieces)
    states, total = [None] * len(networks), 0.0
    for begin in range(0, batch.shape[1] - 1, 256):
        chunk = batch[:, begin:begin + 257]
        all_logits, states = zip(*(each(chunk[:, :-1], state) for each, state in zip(networks, states)))
        logits = sum(all_logits) / len(networks)
        total += functional.cross_entropy(logits.double().flatten(0, 1), chunk[:, 1:].flatten(), reduction="sum").item()
    return total, batch.shape[0] * (batch.shape[1] - 1)


def mean(pieces):
    """Returns the mean loss of pieces of any lengths, in nats per character."""
    sums = [score([piece for piece in pieces if len(piece) == length]) for length in {len(piece) for piece in pieces}]
    return sum(total for total, _ in sums) / sum(count for _, count in sums)


def backward(inputs, targets, state):
    """Computes the gradients of the mean loss; returns the loss and the detached last state."""
    network.zero_grad()
    logits, state = network(inputs, state)
    loss = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    loss.backward()
    return loss.item(), [part.detach() for part in state] if isinstance(state, list) else state.detach()


def root_mean_square_gradients():
    """Returns the root mean square of each weight's gradients on the training text."""
    length = min(SEGMENT, len(training) - 1)
    rows = min(STATISTICS_ROWS, len(training) // length)
    starts = torch.arange(rows, device=ids.device) * (len(training) // rows)
    squares, state = [torch.zeros_like(weight) for weight in network.parameters()], None
    for step in range(STATISTICS_STEPS):
        places = (starts[:, None] + step * length + torch.arange(length + 1, device=ids.device)) % len(training)
        batch = training[places]
        _, state = backward(batch[:, :-1], batch[:, 1:], state)
        for square, weight in zip(squares, network.parameters()):
            square += weight.grad ** 2
    return [(square / STATISTICS_STEPS).sqrt() for square in squares]


def dynamic(rate, decay):
    """Returns the mean loss of the scored text, read by a network that learns from it.

    The rate is in nats: if each gradient had its size in training, a step would lower the loss by it, to first order.
    """
    sizes = root_mean_square_gradients()
    average = sum(size.sum() for size in sizes) / sum(size.numel() for size in sizes)
    divisors = [size + FLOOR * average for size in sizes]
    rate /= sum((size ** 2 / divisor).sum() for size, divisor in zip(sizes, divisors))
    trained = [weight.detach().clone() for weight in network.parameters()]
    total, state = 0.0, None
    for begin in range(0, len(scored) - 1, SEGMENT):
        segment = scored[begin:begin + SEGMENT + 1][None]
        loss, state = backward(segment[:, :-1], segment[:, 1:], state)
        total += loss * (segment.shape[1] - 1)
        with torch.no_grad():
            for weight, first, size, divisor in zip(network.parameters(), trained, sizes, divisors):
                weight += (decay * size / average).clamp(max=1) * (first - weight)
                weight -= rate * weight.grad / divisor
    return total / (len(scored) - 1)


print(f"carried-64   {mean(list(torch.tensor_split(scored, 64))):.4f} nats")
print(f"windows-256  {mean([window for window in torch.split(scored, 256) if len(window) > 1]):.4f} nats")
if arguments.dynamic:
    print(f"carried-1    {mean([scored]):.4f} nats", flush=True)
    print(f"dynamic      {dynamic(*map(float, arguments.dynamic.split(','))):.4f} nats")
