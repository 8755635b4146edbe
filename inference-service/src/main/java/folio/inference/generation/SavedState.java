package folio.inference.generation;

import java.util.BitSet;

/**
 * The state that a generation ended in. A request that resumes from it continues the generation
 * exactly, and reads none of its text again. Nothing may change the array and the set once the
 * state exists, since threads share them.
 *
 * @param version the version of the model that computed the state
 * @param weights the SHA-256 of the weights of that model, in lower-case hex
 * @param values the hidden state, float32 {@code [L, H]}, layer after layer
 * @param lastId the id of the last character, which the network has not read yet
 * @param position the number of characters that have been generated so far
 * @param seen the ids that the prompt or the output holds, for the repetition penalty
 * @param seed the seed of every draw
 */
public record SavedState(
    String version,
    String weights,
    float[] values,
    int lastId,
    int position,
    BitSet seen,
    long seed) {}
