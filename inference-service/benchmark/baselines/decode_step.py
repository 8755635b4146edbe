#!/usr/bin/env python3
"""Measures the fastest simple PyTorch decoder: one eager batched step for all streams, without HTTP.

    pip install -r requirements.txt
    python3 decode_step.py checkpoints/VERSION --device cuda --batch 1 64 1024 [--graph] [--threads 2]

Prints one line of JSON for each batch size: microseconds per step (median of five blocks) and characters per second.
`--graph` replays the step as a CUDA graph. That removes the launch overhead, so it is the strongest baseline on a GPU.
"""
import argparse
import json
import statistics
import time

import torch

from network import load

parser = argparse.ArgumentParser()
parser.add_argument("checkpoint")
parser.add_argument("--device", default="cpu")
parser.add_argument("--batch", type=int, nargs="+", default=[1, 64])
parser.add_argument("--steps", type=int, default=100)
parser.add_argument("--graph", action="store_true")
parser.add_argument("--threads", type=int, default=torch.get_num_threads())
options = parser.parse_args()
torch.set_num_threads(options.threads)
network, _ = load(options.checkpoint, options.device)
synchronize = torch.cuda.synchronize if options.device.startswith("cuda") else (lambda: None)


@torch.no_grad()
def measure(batch):
    """Measures the step for a number of streams and prints the result."""
    ids = torch.zeros(batch, 1, dtype=torch.long, device=options.device)
    _, state = network(ids)

    def step(ids, state):
        logits, state = network(ids, state)
        return torch.multinomial(torch.softmax(logits[:, -1].float(), -1), 1), state

    graph = None
    if options.graph:
        step(ids, state)
        synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step(ids, state)

    def block():
        """Runs a block of steps and returns microseconds per step."""
        nonlocal ids, state
        synchronize()
        started = time.perf_counter()
        for _ in range(options.steps):
            if graph:
                graph.replay()
                synchronize()
            else:
                ids, state = step(ids, state)
                ids[0, 0].item()  # a server needs every character on the CPU
        synchronize()
        return (time.perf_counter() - started) / options.steps * 1e6

    block()
    micros = statistics.median(block() for _ in range(5))
    print(json.dumps({"batch": batch, "us_per_step": round(micros, 1), "chars_per_s": round(batch / micros * 1e6),
                      "graph": options.graph, "torch": torch.__version__, "device": options.device,
                      "threads": options.threads}), flush=True)


for size in options.batch:
    measure(size)
