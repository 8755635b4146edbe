package folio.inference.engine;

/**
 * Some rows on their way through the network, once a turn: first {@link #launch}, then {@link
 * #fetch}, then {@link #choose} for every block of rows. On a CPU one worker does all of it; on a
 * GPU the decode thread launches and fetches, and several workers choose.
 */
interface Pass {
  /** Whether there is anything to run. */
  boolean isEmpty();

  /** Begins to compute. */
  void launch();

  /** Waits until everything is computed. */
  void fetch();

  /** Rows of which each may be chosen for; 0 if nobody needs a character yet. */
  int rows();

  /** Chooses the next characters of some rows. */
  void choose(int from, int to);
}
