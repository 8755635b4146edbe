package folio.inference.api.http;

import folio.inference.generation.GenerationStream;
import java.util.List;

/**
 * A response body that is written while it is generated.
 *
 * @param sources at least one; the body ends when all of them have
 * @param encoder of this body alone
 */
public record CharacterStream(List<GenerationStream> sources, StreamEncoder encoder) {}
