"""The texts and the metric of the task folio_windows_256."""
from datasets import Dataset

WINDOW = 256


def dataset(corpus, **_):
    """Returns the windows of a file's validation text, its last tenth. A last window of one character has no loss."""
    with open(corpus, encoding="utf-8", newline="") as file:
        text = file.read()
    validation = text[int(0.9 * len(text)):]
    windows = [validation[i:i + WINDOW] for i in range(0, len(validation), WINDOW)]
    return {"test": Dataset.from_dict({"text": [window for window in windows if len(window) > 1]})}


def text(window):
    return window["text"]


def score(window, results):
    """Returns the log-likelihood of a window and the number of scored characters: all except the first."""
    (log_likelihood,) = results
    return {"nats_per_character": (log_likelihood, len(window["text"]) - 1)}


def nats_per_character(scores):
    return -sum(log_likelihood for log_likelihood, _ in scores) / sum(count for _, count in scores)
