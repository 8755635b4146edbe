#!/usr/bin/env python3
"""Makes a folder for `./folio publish` from the weights of a PyTorch network.

    python3 to_folio.py WEIGHTS.pt TEXT.txt FOLDER --head-activation none [--embedding-activation tanh]

WEIGHTS.pt holds a state_dict, alone or under "model", "state_dict" or "model_state_dict". TEXT.txt is the text whose
distinct characters, sorted, are the token ids; with another order, name a JSON list of the characters instead.
"""
import argparse
import json
import pathlib
import re

import torch
from safetensors.torch import save_file

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
for name in ("weights", "text", "folder"):
    parser.add_argument(name, type=pathlib.Path)
parser.add_argument("--embedding-activation", choices=["none", "relu", "tanh"], default="none")
parser.add_argument("--head-activation", choices=["none", "relu"], required=True, help="the function before the head")
options = parser.parse_args()

saved = torch.load(options.weights, map_location="cpu", weights_only=True)
saved = next((saved[key] for key in ("model", "state_dict", "model_state_dict") if key in saved), saved)
tensors = {re.sub(r"\b(module|_orig_mod)\.", "", name): tensor for name, tensor in saved.items()}
tied = "linear.weight" not in tensors or torch.equal(tensors["linear.weight"], tensors["embedding.weight"])
if tied:
    tensors.pop("linear.weight", None)
text = options.text.read_bytes().decode("utf-8")
characters = json.loads(text) if options.text.suffix == ".json" else sorted(set(text))
order = sorted(range(len(characters)), key=characters.__getitem__)  # Folio's ids follow the code points
for name in tensors.keys() & {"embedding.weight", "linear.weight", "linear.bias"}:
    if len(tensors[name]) != len(order):
        raise SystemExit(f"{options.text} has {len(order)} characters, {name} {len(tensors[name])} rows")
    tensors[name] = tensors[name][order]
plain = "gru.weight_hh_l0" in tensors
projection = tensors.get("projection.weight")
config = {"format": 1, "network": "plain" if plain else "residual", "vocabulary_size": len(order),
          "embedding_size": tensors["embedding.weight"].shape[1],
          "hidden_size": tensors["gru.weight_hh_l0" if plain else "grus.0.weight_hh_l0"].shape[1],
          "layers": sum(".weight_hh_l" in name for name in tensors),
          "embedding_activation": options.embedding_activation, "head_activation": options.head_activation,
          "projection_size": None if projection is None else len(projection), "tied": tied}
vocabulary = {"format": 1, "characters": [characters[k] for k in order]}
options.folder.mkdir(parents=True)
for name, content in {"config.json": config, "vocabulary.json": vocabulary}.items():
    (options.folder / name).write_text(json.dumps(content), encoding="utf-8")
save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, options.folder / "model.safetensors")
