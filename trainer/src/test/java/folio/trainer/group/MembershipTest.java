package folio.trainer.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MembershipTest {
  private static final Map<String, String> THIRD =
      Map.of(
          "RANK", "2",
          "WORLD_SIZE", "4",
          "LOCAL_RANK", "1",
          "MASTER_ADDR", "node-0",
          "MASTER_PORT", "29500");

  @Test
  void isThatOfPyTorchsLaunchers() {
    Membership third = Membership.of(THIRD);

    assertThat(third).isEqualTo(new Membership(2, 4, 1, "node-0", 29500));
    assertThat(third.environment()).isEqualTo(THIRD);
    assertThat(third.leads()).isFalse();
  }

  @Test
  void isAloneWithoutAGroup() {
    assertThat(Membership.of(Map.of("RANK", "7"))).isEqualTo(Membership.ALONE);
    assertThat(Membership.of(Map.of("WORLD_SIZE", "1"))).isEqualTo(Membership.ALONE);
    assertThat(Membership.ALONE.isGroup()).isFalse();
    assertThat(Membership.ALONE.leads()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "RANK        | 4     | RANK is 4; it must be a whole number from 0 to 3",
        "RANK        | first | RANK is first; it must be a whole number from 0 to 3",
        "RANK        |       | RANK is not set, but WORLD_SIZE is 4; set RANK, or unset WORLD_SIZE to train with one process",
        "WORLD_SIZE  | 0     | WORLD_SIZE is 0; it must be a whole number from 1 to 1024",
        "LOCAL_RANK  | -1    | LOCAL_RANK is -1; it must be a whole number from 0 to 3",
        "MASTER_ADDR |       | MASTER_ADDR is not set, but WORLD_SIZE is 4; set MASTER_ADDR, or unset WORLD_SIZE to train with one process",
        "MASTER_PORT | 65536 | MASTER_PORT is 65536; it must be a whole number from 1 to 65535"
      })
  void namesAnIllegalVariable(String name, String value, String message) {
    Map<String, String> environment = new HashMap<>(THIRD);
    environment.put(name, value);

    assertThatThrownBy(() -> Membership.of(environment))
        .isInstanceOf(GroupException.class)
        .hasMessage(message);
  }
}
