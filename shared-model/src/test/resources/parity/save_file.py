#!/usr/bin/env python3
"""Writes a folder as a PyTorch user would: config.json, vocabulary.json, and model.safetensors by safetensors.torch.

    python3 save_file.py CASE FOLDER

Also writes expected.safetensors: `ids` and the `logits` that PyTorch computes.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file

from make_references import CASES, Network, tensors_of

case, folder = CASES[sys.argv[1]], pathlib.Path(sys.argv[2])
torch.manual_seed(1)
network = Network(case)
ids = torch.randint(case["vocabulary_size"], (2, 6))
with torch.no_grad():
    logits, _ = network(ids, torch.zeros(case["layers"], 2, case["hidden_size"]))
save_file(tensors_of(network), folder / "model.safetensors")
save_file({"ids": ids, "logits": logits}, folder / "expected.safetensors")
(folder / "config.json").write_text(json.dumps(case), encoding="utf-8")
characters = [chr(ord("a") + i) for i in range(case["vocabulary_size"])]
(folder / "vocabulary.json").write_text(json.dumps({"format": 1, "characters": characters}), encoding="utf-8")
