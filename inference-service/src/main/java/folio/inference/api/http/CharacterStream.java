package folio.inference.api.http;

import folio.inference.generation.GenerationStream;
import java.util.List;

/**
 * A response body that is written while its text is generated.
 *
 * @param sources at least one generation; the body ends when all of them have ended
 * @param encoder an encoder that no other body uses
 */
public record CharacterStream(List<GenerationStream> sources, StreamEncoder encoder) {}
