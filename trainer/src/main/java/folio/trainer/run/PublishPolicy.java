package folio.trainer.run;

/** Which networks of a run become checkpoints. */
public enum PublishPolicy {
  /** Each that is better than those before. */
  IMPROVEMENTS,
  /** The one after the last step, chosen by nothing. */
  LAST
}
