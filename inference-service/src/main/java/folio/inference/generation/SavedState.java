package folio.inference.generation;

import java.util.BitSet;

/**
 * Where a generation stopped: everything that it needs to go on, exactly, without reading its text
 * again. Belongs to nobody and is not changed.
 *
 * @param version the model that it was computed with
 * @param weights SHA-256 of that model's weights, lower-case hex
 * @param values the hidden state, float32 {@code [L, H]}, layer after layer
 * @param lastId the last character, which the network has not read
 * @param position how many characters were written so far
 * @param seen ids that the prompt or the text holds, for the repetition penalty
 * @param seed decides every draw
 */
public record SavedState(
    String version,
    String weights,
    float[] values,
    int lastId,
    int position,
    BitSet seen,
    long seed) {}
