package folio.trainer.evaluation;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.vocabulary.Vocabulary;

/**
 * A network with the vocabulary of its ids.
 *
 * @param manager parent of every array that an evaluation makes; on the network's device
 * @param network not changed by an evaluation
 */
public record TrainedModel(NDManager manager, CharGru network, Vocabulary vocabulary) {}
