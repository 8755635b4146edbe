"""Saves weights of PyTorch networks as a training program would, and their logits.

    python3 save_wrapped.py FOLDER

writes into FOLDER/plain and FOLDER/residual: weights.pt (a compiled and data-parallel network in bfloat16, next to other
things), characters.json in an order of its own, and expected.safetensors with `ids` by Folio's order and the logits.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn

CHARACTERS = ["b", " ", "ä", "\n", "a"]


class Network(nn.Module):
    def __init__(self, residual):
        super().__init__()
        self.residual = residual
        self.embedding = nn.Embedding(len(CHARACTERS), 6 if residual else 8)
        if residual:
            self.grus = nn.ModuleList([nn.GRU(6, 8, batch_first=True), nn.GRU(8, 8, batch_first=True)])
        else:
            self.gru = nn.GRU(8, 8, 2, batch_first=True)
        self.linear = nn.Linear(8, len(CHARACTERS))

    def forward(self, ids):
        out = self.embedding(ids)
        if not self.residual:
            return self.linear(torch.relu(self.gru(out)[0]))
        out = self.grus[0](out)[0]
        return self.linear(out + self.grus[1](out)[0])


def save(folder, residual):
    folder.mkdir()
    torch.manual_seed(1)
    network = Network(residual).to(torch.bfloat16)
    wrapped = torch.nn.DataParallel(torch.compile(network))
    assert all(name.startswith("module._orig_mod.") for name in wrapped.state_dict())
    torch.save({"model": wrapped.state_dict(), "step": 7}, folder / "weights.pt")
    (folder / "characters.json").write_text(json.dumps(CHARACTERS), encoding="utf-8")

    text = "ab ä\nba"
    order = sorted(CHARACTERS)
    ids = torch.tensor([[CHARACTERS.index(character) for character in text]])
    with torch.no_grad():
        logits = network.to(torch.float32)(ids)
    logits = logits[:, :, [CHARACTERS.index(character) for character in order]].contiguous()
    ids = torch.tensor([[order.index(character) for character in text]])
    save_file({"ids": ids, "logits": logits}, folder / "expected.safetensors")


save(pathlib.Path(sys.argv[1]) / "plain", residual=False)
save(pathlib.Path(sys.argv[1]) / "residual", residual=True)
