"""Calls to_folio.py with right and wrong inputs, and checks what it writes and says.

    python3 save_wrong.py TO_FOLIO.py FOLDER
"""
import json
import pathlib
import subprocess
import sys

import torch
from safetensors.torch import load_file
from torch import nn

program, folder = sys.argv[1], pathlib.Path(sys.argv[2])


class Network(nn.Module):
    def __init__(self, rows, name="gru"):
        super().__init__()
        self.embedding = nn.Embedding(rows, 4)
        self.add_module(name, nn.GRU(4, 4, 2, batch_first=True))
        self.linear = nn.Linear(4, rows)


def call(state, characters, output="out"):
    torch.save(state, folder / "weights.pt")
    done = subprocess.run([sys.executable, program, folder / "weights.pt", characters, folder / output, "--head-activation",
                           "none"], capture_output=True, text=True)
    return done.returncode, done.stderr


def characters_of(output):
    return json.loads((folder / output / "vocabulary.json").read_text(encoding="utf-8"))


text = folder / "text.txt"
text.write_bytes("\ufeffab\r\nba\r\n".encode("utf-8"))
three, four, five = (Network(rows).state_dict() for rows in (3, 4, 5))

# Line ends and the mark count as the training program read them.
assert call(three, text, "as-lf") == (0, "") and characters_of("as-lf")["characters"] == ["\n", "a", "b"]
assert call(five, text, "as-is") == (0, "") and characters_of("as-is")["characters"] == ["\n", "\r", "a", "b", "\ufeff"]

# Other forms of the vocabulary.
ids = folder / "ids.json"
ids.write_text(json.dumps({"b": 0, "a": 1, "\n": 2}), encoding="utf-8")
assert call(three, ids, "by-id") == (0, "") and characters_of("by-id")["characters"] == ["\n", "a", "b"]
expected = three["embedding.weight"][[2, 1, 0]]
assert torch.equal(load_file(folder / "by-id" / "model.safetensors")["embedding.weight"], expected)
vocabulary = folder / "vocabulary.json"
vocabulary.write_text(json.dumps({"format": 1, "characters": ["\n", "a", "b"], "unknown_id": 3}), encoding="utf-8")
assert call(four, vocabulary, "unknown") == (0, "") and characters_of("unknown")["unknown_id"] == 3

# Other numbers, and entries that are not weights.
assert call({"step": 3, **{name: tensor.double() for name, tensor in three.items()}}, ids, "double") == (0, "")
assert load_file(folder / "double" / "model.safetensors")["linear.bias"].dtype == torch.float32
assert call({"model": "gru-v1", "state_dict": three}, ids, "named") == (0, "")

# Mistakes are explained, and leave nothing behind.
for state, characters, message in [
    (four, ids, "ids.json has 3 entries, embedding.weight 4 rows"),
    (Network(3, "rnn").state_dict(), ids, "the names must be embedding.weight"),
    (three, folder / "missing.txt", "missing.txt is not a file"),
]:
    code, error = call(state, characters)
    assert code == 1 and message in error and "Traceback" not in error, error
    assert not (folder / "out").exists()
assert "exists; name a new folder" in call(three, ids, "by-id")[1]
