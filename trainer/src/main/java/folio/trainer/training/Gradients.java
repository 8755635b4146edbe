package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * The loss and the gradients of a batch.
 *
 * @param loss the mean loss in nats per character, a scalar
 * @param lastState float32 {@code [L, B, H]}, the state after the last character
 * @param values one gradient per parameter, in the order of the parameters; in float16, times the
 *     factor of the loss
 */
record Gradients(NDArray loss, NDArray lastState, List<NDArray> values) {}
