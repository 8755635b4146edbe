#!/usr/bin/env python3
r"""Measures a plain PyTorch training loop, the baseline of every training-speed comparison.

    PYTHONPATH=inference-service/benchmark/baselines python3 trainer/benchmark/train_step.py input.txt \
        --hidden 512 --layers 8 --batch 16 --length 40 --steps 300 --device cuda --dtype float16 --graph

The loop draws random substrings and uses Adam (2e-3, PyTorch's fused kernel on a GPU) and cross entropy. With --dtype
float16 or bfloat16, the network runs under autocast, and float16 scales the loss. With --graph, the whole step is
captured as a CUDA graph and replayed. It prints one line of JSON: milliseconds per step (median of blocks of 20,
without the first block), characters per second and the last loss. `./folio train-benchmark` runs it with the corpus and
the sizes of Folio's own loop, on the same machine, in the same run.
"""
import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional

from network import Plain, Residual

parser = argparse.ArgumentParser()
parser.add_argument("corpus")
parser.add_argument("--network", choices=("plain", "residual"), default="residual")
parser.add_argument("--hidden", type=int, default=512)
parser.add_argument("--embedding", type=int, default=128)
parser.add_argument("--layers", type=int, default=3)
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--length", type=int, default=40)
parser.add_argument("--steps", type=int, default=300)
parser.add_argument("--device", default="cpu")
parser.add_argument("--dtype", choices=("float32", "float16", "bfloat16"), default="float32")
parser.add_argument("--graph", action="store_true")
options = parser.parse_args()

text = open(options.corpus, encoding="utf-8").read()
index = {character: i for i, character in enumerate(sorted(set(text)))}
data = torch.tensor([index[character] for character in text]).to(options.device)
network = (Plain(len(index), options.hidden, options.layers) if options.network == "plain"
           else Residual(len(index), options.embedding, options.hidden, options.layers)).to(options.device)
on_gpu = options.device.startswith("cuda")
optimizer = torch.optim.Adam(network.parameters(), 2e-3, fused=on_gpu, capturable=options.graph)
autocast = torch.autocast(options.device.split(":")[0], getattr(torch, options.dtype), options.dtype != "float32")
scaler = torch.amp.GradScaler(options.device.split(":")[0], enabled=options.dtype == "float16")
window = torch.arange(options.length + 1, device=options.device)


def step():
    """Trains on one batch and returns its loss."""
    starts = torch.randint(len(data) - options.length - 1, (options.batch, 1), device=options.device)
    sample = data[starts + window]
    with autocast:
        logits, _ = network(sample[:, :-1].contiguous())
    loss = functional.cross_entropy(logits.float().reshape(-1, len(index)), sample[:, 1:].reshape(-1))
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    return loss


def captured():
    """Captures a step, and returns a function that replays it and returns its loss."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = step()

    def replay():
        graph.replay()
        return loss
    return replay


run = captured() if options.graph else step


def block(count):
    """Runs a number of steps and returns milliseconds per step and the last loss."""
    started = time.perf_counter()
    for _ in range(count):
        loss = run()
    value = loss.item()
    return (time.perf_counter() - started) / count * 1e3, value


blocks = [block(20) for _ in range(max(2, options.steps // 20))]
milliseconds = statistics.median(duration for duration, _ in blocks[1:])
print(json.dumps({"ms_per_step": round(milliseconds, 3),
                  "chars_per_s": round(options.batch * options.length / milliseconds * 1e3),
                  "loss": round(blocks[-1][1], 4), "torch": torch.__version__, "device": options.device}))
