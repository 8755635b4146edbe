package folio.inference.api;

import folio.inference.generation.GenerationStream;

/** A response body that is written while it is generated. */
record CharacterStream(GenerationStream source, Form form) {}
