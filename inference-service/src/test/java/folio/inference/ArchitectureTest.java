package folio.inference;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import folio.model.testing.ArrayRules;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who may know whom. */
class ArchitectureTest {
  private static final List<String> ROOMS =
      List.of(
          "api",
          "generation",
          "engine",
          "models",
          "decoding",
          "fused",
          "observability",
          "benchmark");
  private static final String ROOT = "folio.inference";

  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

  private void assertKnowsOnly(String room, String... known) {
    List<String> strangers = new ArrayList<>(ROOMS);
    strangers.remove(room);
    strangers.removeAll(List.of(known));
    List<String> packages = new ArrayList<>(List.of(ROOT));
    strangers.forEach(stranger -> packages.add(ROOT + "." + stranger + ".."));
    noClasses()
        .that()
        .resideInAPackage(ROOT + "." + room + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(packages.toArray(String[]::new))
        .check(classes);
  }

  @Test
  void roomsKnowOnlyWhatTheyMay() {
    assertKnowsOnly("api", "generation", "engine", "models");
    assertKnowsOnly("engine", "generation", "models", "decoding", "fused");
    assertKnowsOnly("models", "decoding", "fused");
    assertKnowsOnly("decoding");
    assertKnowsOnly("fused");
    assertKnowsOnly("generation");
    assertKnowsOnly("observability", "engine", "models", "generation");
    assertKnowsOnly(
        "benchmark", "engine", "models", "decoding", "fused", "generation", "observability");
  }

  @Test
  void nobodyKnowsTheBenchmark() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".benchmark..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".benchmark..")
        .check(classes);
  }

  @Test
  void onlyTheBenchmarkHasACommandLine() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".benchmark..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("picocli..")
        .check(classes);
  }

  @Test
  void benchmarkIsPlainJavaAndVertx() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".benchmark..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.quarkus..", "jakarta..", "io.smallrye..", "io.micrometer..")
        .check(classes);
  }

  @Test
  void engineIsPlainJava() {
    noClasses()
        .that()
        .resideInAnyPackage(
            ROOT + ".generation..",
            ROOT + ".engine..",
            ROOT + ".serving..",
            ROOT + ".decoding..",
            ROOT + ".onchip..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.quarkus..",
            "jakarta..",
            "io.smallrye..",
            "io.vertx..",
            "io.micrometer..",
            "org.eclipse.microprofile..")
        .check(classes);
  }

  @Test
  void onlyEngineServingAndTheRootKnowDjl() {
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + ".generation..", ROOT + ".api..", ROOT + ".observability..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.djl..")
        .check(classes);
  }

  @Test
  void onlyObservabilityAndTheRootKnowMicrometer() {
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + ".api..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.micrometer..")
        .check(classes);
  }

  @Test
  void readsArraysByHostCopy() {
    ArrayRules.VALUES_ARE_READ_BY_HOST_COPY.check(classes);
  }

  @Test
  void hasNoCycles() {
    slices().matching("folio.inference.(*)..").should().beFreeOfCycles().check(classes);
  }
}
