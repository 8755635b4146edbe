package folio.inference.engine;

import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;

/** A request in the queue. */
record Waiting(GenerationRequest request, GenerationStream stream, long arrivedNanos) {}
