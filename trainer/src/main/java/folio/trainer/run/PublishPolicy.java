package folio.trainer.run;

/** Which networks of a run are published as checkpoints. */
public enum PublishPolicy {
  /** Every evaluated network with a lower loss than all evaluated before it. */
  IMPROVEMENTS,
  /** The network after the last step, whatever its loss. */
  LAST
}
