package folio.trainer.group;

import java.util.Map;

/**
 * A process's place in a group, as PyTorch's launchers and Kubernetes Jobs set it in the
 * environment.
 *
 * @param rank the number of the process, from 0; rank 0 publishes and saves
 * @param size the number of processes
 * @param localRank the number of the process on its machine, which selects the GPU
 * @param address the host name or address of rank 0
 * @param port the port on which rank 0 waits for the others
 */
public record Membership(int rank, int size, int localRank, String address, int port) {
  /** A process without a group. */
  public static final Membership ALONE = new Membership(0, 1, 0, "", 0);

  private static final int MAX_SIZE = 1024;
  private static final int MAX_PORT = 65_535;

  /**
   * Reads {@code RANK}, {@code WORLD_SIZE}, {@code LOCAL_RANK} (0 if it is absent), {@code
   * MASTER_ADDR} and {@code MASTER_PORT}. Without {@code WORLD_SIZE}, the process is alone.
   *
   * @throws GroupException if a variable is missing or illegal; the message names it
   */
  public static Membership of(Map<String, String> environment) {
    if (!environment.containsKey("WORLD_SIZE")) {
      return ALONE;
    }
    int size = number(environment, "WORLD_SIZE", 1, MAX_SIZE);
    if (size == 1) {
      return ALONE;
    }
    return new Membership(
        number(environment, "RANK", 0, size - 1),
        size,
        environment.containsKey("LOCAL_RANK") ? number(environment, "LOCAL_RANK", 0, size - 1) : 0,
        text(environment, "MASTER_ADDR"),
        number(environment, "MASTER_PORT", 1, MAX_PORT));
  }

  private static String text(Map<String, String> environment, String name) {
    String value = environment.get(name);
    if (value == null || value.isEmpty()) {
      throw new GroupException(
          name
              + " is not set, but WORLD_SIZE is "
              + environment.get("WORLD_SIZE")
              + "; set "
              + name
              + ", or unset WORLD_SIZE to train with one process");
    }
    return value;
  }

  private static int number(Map<String, String> environment, String name, int lowest, int highest) {
    String text = text(environment, name);
    try {
      int value = Integer.parseInt(text);
      if (value >= lowest && value <= highest) {
        return value;
      }
    } catch (NumberFormatException e) {
      // the message below names the value
    }
    throw new GroupException(
        name + " is " + text + "; it must be a whole number from " + lowest + " to " + highest);
  }

  /** Returns whether there are other processes. */
  public boolean isGroup() {
    return size > 1;
  }

  /** Returns whether this process publishes and saves. */
  public boolean leads() {
    return rank == 0;
  }

  /** Returns the variables of the environment that describe this membership. */
  public Map<String, String> environment() {
    return Map.of(
        "RANK", String.valueOf(rank),
        "WORLD_SIZE", String.valueOf(size),
        "LOCAL_RANK", String.valueOf(localRank),
        "MASTER_ADDR", address,
        "MASTER_PORT", String.valueOf(port));
  }
}
