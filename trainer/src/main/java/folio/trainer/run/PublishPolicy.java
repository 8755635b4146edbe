package folio.trainer.run;

/** The networks of a run that are published as checkpoints. */
public enum PublishPolicy {
  /** Every evaluated network with a lower loss than all evaluated before it. */
  IMPROVEMENTS,
  /** The network after the last step, whatever its loss. */
  LAST
}
