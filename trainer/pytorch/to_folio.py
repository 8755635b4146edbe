#!/usr/bin/env python3
"""Makes a folder for `./folio publish` from the weights of a PyTorch network.

    python3 to_folio.py WEIGHTS.pt CHARACTERS FOLDER --head-activation none [--embedding-activation tanh]

WEIGHTS.pt holds a state_dict, alone or under "model", "state_dict" or "model_state_dict". CHARACTERS is the text whose
distinct characters, sorted, are the token ids; or a .json file: a list of the characters by id, an object of ids by
character, or Folio's vocabulary.json.
"""
import argparse
import json
import pathlib
import re
import sys

import torch
from safetensors.torch import save_file


def read_weights(path):
    """Returns the tensors of a file by Folio's names, in a precision that Folio reads."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    candidates = [saved.get(key) for key in ("model", "state_dict", "model_state_dict")] + [saved]
    state = next(each for each in candidates if isinstance(each, dict))
    tensors = {re.sub(r"\b(module|_orig_mod)\.", "", name): tensor for name, tensor in state.items()
               if isinstance(tensor, torch.Tensor)}
    if "embedding.weight" not in tensors or not {"gru.weight_hh_l0", "grus.0.weight_hh_l0"} & tensors.keys():
        sys.exit(f"{path} has {sorted(tensors)}; the names must be embedding.weight, linear.weight, and gru.weight_hh_l0 or "
                 "grus.0.weight_hh_l0 and so on; rename them before you save the file")
    return {name: tensor.float() if tensor.dtype == torch.float64 else tensor for name, tensor in tensors.items()}


def read_characters(path, rows):
    """Returns the characters by token id, and whether the last row is an entry for unknown characters."""
    if path.suffix == ".json":
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and "characters" in found:
            characters, unknown = found["characters"], "unknown_id" in found
        else:
            characters, unknown = (sorted(found, key=found.get) if isinstance(found, dict) else found), False
    else:  # first as Folio reads it, with LF and without a byte-order mark, then as it is
        texts = [path.read_text(encoding="utf-8-sig"), path.read_bytes().decode("utf-8")]
        characters = next((text for text in map(set, texts) if len(text) == rows), set(texts[0]))
        characters, unknown = sorted(characters), False
    if len(characters) + unknown != rows:
        sys.exit(f"{path} has {len(characters) + unknown} entries, embedding.weight {rows} rows; both must be of one network")
    return characters, unknown


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("weights", "characters", "folder"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--embedding-activation", choices=["none", "relu", "tanh"], default="none")
    parser.add_argument("--head-activation", choices=["none", "relu"], required=True, help="the function before the head")
    options = parser.parse_args()
    for path in (options.weights, options.characters):
        if not path.is_file():
            sys.exit(f"{path} is not a file")
    if options.folder.exists():
        sys.exit(f"{options.folder} exists; name a new folder")

    tensors = read_weights(options.weights)
    embedding = tensors["embedding.weight"]
    tied = "linear.weight" not in tensors or torch.equal(tensors["linear.weight"], embedding)
    if tied:
        tensors.pop("linear.weight", None)
    characters, unknown = read_characters(options.characters, len(embedding))
    order = sorted(range(len(characters)), key=characters.__getitem__)  # Folio's ids follow the code points
    for name in tensors.keys() & {"embedding.weight", "linear.weight", "linear.bias"}:
        tensors[name] = tensors[name][order + ([len(order)] if unknown else [])]
    hidden = tensors.get("gru.weight_hh_l0", tensors.get("grus.0.weight_hh_l0")).shape[1]
    projection = tensors.get("projection.weight")
    config = {"format": 1, "network": "plain" if "gru.weight_hh_l0" in tensors else "residual",
              "vocabulary_size": len(embedding), "embedding_size": embedding.shape[1], "hidden_size": hidden,
              "layers": sum(".weight_hh_l" in name for name in tensors),
              "embedding_activation": options.embedding_activation, "head_activation": options.head_activation,
              "projection_size": None if projection is None else len(projection), "tied": tied}
    vocabulary = {"format": 1, "characters": [characters[k] for k in order]}
    if unknown:
        vocabulary["unknown_id"] = len(order)
    options.folder.mkdir(parents=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, options.folder / "model.safetensors")
    for name, content in {"config.json": config, "vocabulary.json": vocabulary}.items():
        (options.folder / name).write_text(json.dumps(content), encoding="utf-8")


main()
