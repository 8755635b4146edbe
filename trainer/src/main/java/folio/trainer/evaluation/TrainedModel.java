package folio.trainer.evaluation;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.vocabulary.Vocabulary;

/**
 * A network with the vocabulary of its ids.
 *
 * @param manager the parent of an evaluation's arrays, on the network's device
 * @param network the network; an evaluation does not change it
 * @param vocabulary the vocabulary of the network's ids
 */
public record TrainedModel(NDManager manager, CharGru network, Vocabulary vocabulary) {}
