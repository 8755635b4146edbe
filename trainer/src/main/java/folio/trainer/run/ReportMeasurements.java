package folio.trainer.run;

import folio.trainer.corpus.Corpus;
import folio.trainer.evaluation.Memorisation;
import folio.trainer.evaluation.Prediction;
import folio.trainer.evaluation.TrainedModel;
import java.util.LinkedHashMap;
import java.util.Map;

/** Measurements of the final network for the report. Each takes seconds. */
final class ReportMeasurements {
  private static final int PREDICTED_CHARACTERS = 1000;
  private static final int GENERATED_CHARACTERS = 16_384;

  private final TrainedModel model;
  private final Corpus.Split text;

  /**
   * Creates the measurements of one network.
   *
   * @param model the network to measure; the caller closes it
   */
  ReportMeasurements(TrainedModel model, Corpus.Split text) {
    this.model = model;
    this.text = text;
  }

  /** Returns the validation text's beginning with the network's prediction of every character. */
  Map<String, Object> prediction() {
    return fields(Prediction.of(model, text.validation(), PREDICTED_CHARACTERS));
  }

  /** Returns the fields of an event that records a prediction. */
  static Map<String, Object> fields(Prediction prediction) {
    return Map.of(
        "text",
        new String(prediction.target(), 0, prediction.target().length),
        "predicted",
        new String(prediction.predicted(), 0, prediction.predicted().length),
        "logprobs",
        prediction.logprobs());
  }

  /** Returns how much of the text that the network generates also occurs in its training text. */
  Map<String, Object> memorisation() {
    Memorisation.Result result =
        new Memorisation(text.training(), text.validation()).measure(model, GENERATED_CHARACTERS);
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("characters", result.characters());
    fields.put("searched", result.searched());
    fields.put("longest", result.generated().longest());
    fields.put("longest_unseen", result.unseen().longest());
    fields.put("mean", result.generated().mean());
    fields.put("mean_unseen", result.unseen().mean());
    fields.put("longest_run", result.longestRun());
    return fields;
  }
}
