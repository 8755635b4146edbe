#!/usr/bin/env python3
"""Writes a Hugging Face tokenizer of the characters that a service's current model knows.

    tokenizer.py http://127.0.0.1:8080 FOLDER

Every character is a token; its id is its index in the model's vocabulary. lm-evaluation-harness puts a start token
before each text. The network has no such token, since it begins with a zero state. The start token is therefore
decoded to nothing: the service receives the text alone.
"""
import json
import sys
from urllib.request import urlopen

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

START = "\uffff"  # not a character in Unicode, so no text contains it

service, folder = sys.argv[1:]
with urlopen(f"{service}/models/current") as response:
    characters = json.load(response)["characters"]
# Without an unknown token, a character that the vocabulary lacks is an error.
tokenizer = Tokenizer(models.WordLevel({character: i for i, character in enumerate(characters)}))
tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
tokenizer.decoder = decoders.Sequence([decoders.Replace(START, ""), decoders.Fuse()])
PreTrainedTokenizerFast(
    tokenizer_object=tokenizer, bos_token=START, clean_up_tokenization_spaces=False
).save_pretrained(folder)
