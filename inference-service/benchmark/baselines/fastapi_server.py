#!/usr/bin/env python3
"""Serves one checkpoint with PyTorch and FastAPI, the way a user would without Folio: one generation per request.

    pip install -r requirements.txt      (or Debian's python3-torch python3-fastapi python3-uvicorn)
    python3 fastapi_server.py checkpoints/VERSION --port 8090 [--device cuda] [--threads 2]

POST /generate {"prompt","max_tokens","temperature","seed"} streams one `data: {"text": "…"}` event per character.
The benchmark runs this baseline on the same checkpoint, machine and number of threads as the service, in the same run.
"""
import argparse
import json

import torch
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from network import load


def application(network, characters, device):
    """Returns the FastAPI application that generates text with a network."""
    app, index = FastAPI(), {character: i for i, character in enumerate(characters)}

    @torch.no_grad()
    def events(request):
        """Yields the server-sent events of one generation."""
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
        return StreamingResponse(events(request), media_type="text/event-stream")

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
