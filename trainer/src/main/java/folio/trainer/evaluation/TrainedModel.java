package folio.trainer.evaluation;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.CheckpointDescription;
import folio.model.network.CharGru;
import folio.model.vocabulary.Vocabulary;

/**
 * A network with the meaning of its ids.
 *
 * @param manager the parent of an evaluation's arrays, on the network's device
 * @param network the network; an evaluation does not change it
 * @param vocabulary the vocabulary of the network's ids
 * @param documentSeparator the text that ends each document of the training text, or null
 */
public record TrainedModel(
    NDManager manager, CharGru network, Vocabulary vocabulary, String documentSeparator) {

  /** Returns the model of a checkpoint. */
  public static TrainedModel of(
      NDManager manager, CharGru network, CheckpointDescription checkpoint) {
    return new TrainedModel(
        manager, network, checkpoint.vocabulary(), checkpoint.documentSeparator());
  }
}
