package folio.trainer;

/** Which networks of a run become checkpoints. */
enum Publish {
  /** Each that is better than those before. */
  IMPROVEMENTS,
  /** The one after the last step, chosen by nothing. */
  LAST
}
