#!/usr/bin/env python3
"""The server that a user would write instead: PyTorch and FastAPI around one checkpoint, one generation a request.

    pip install -r requirements.txt      (or Debian's python3-torch python3-fastapi python3-uvicorn)
    python3 fastapi_server.py checkpoints/VERSION --port 8090 [--device cuda] [--threads 2]

POST /generate {"prompt","max_tokens","temperature","seed"} streams `data: {"text": "…"}` events, one a character.
The benchmark compares the service with it on the same checkpoint and the same machine, in the same run.
"""
import argparse
import json

import torch
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from network import load


def application(network, characters, device):
    app, index = FastAPI(), {character: i for i, character in enumerate(characters)}

    @torch.no_grad()
    def characters_of(request):
        random = torch.Generator().manual_seed(int(request.get("seed", 0)))
        temperature = float(request.get("temperature", 1.0))
        ids = torch.tensor([[index[c] for c in request.get("prompt") or "\n"]], device=device)
        state = None
        for _ in range(int(request.get("max_tokens", 256))):
            logits, state = network(ids, state)
            last = logits[0, -1].float().cpu()
            token = int(last.argmax()) if temperature == 0 else int(
                torch.multinomial(torch.softmax(last / temperature, -1), 1, generator=random))
            ids = torch.tensor([[token]], device=device)
            yield "data: " + json.dumps({"text": characters[token]}) + "\n\n"
        yield "data: [DONE]\n\n"

    @app.post("/generate")
    def generate(request: dict):
        return StreamingResponse(characters_of(request), media_type="text/event-stream")

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    loaded, alphabet = load(options.checkpoint, options.device)
    uvicorn.run(application(loaded, alphabet, options.device), host="127.0.0.1", port=options.port, log_level="warning")
