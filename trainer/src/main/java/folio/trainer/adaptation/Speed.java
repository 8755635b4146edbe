package folio.trainer.adaptation;

/**
 * How fast a network learns from a text while it reads it.
 *
 * @param rate the learning rate, at least 0: the fall of the loss, in nats, to which a step would
 *     lead to first order if all gradients had their size in training
 * @param decay the fraction of the way back to its trained value that a weight goes in a step, if
 *     its gradients in training were of mean size; 0 to 1
 * @see folio.trainer.training.DynamicRule
 */
public record Speed(double rate, double decay) {}
