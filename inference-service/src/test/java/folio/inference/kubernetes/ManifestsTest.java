package folio.inference.kubernetes;

import static folio.inference.kubernetes.Manifests.all;
import static folio.inference.kubernetes.Manifests.claims;
import static folio.inference.kubernetes.Manifests.container;
import static folio.inference.kubernetes.Manifests.only;
import static folio.inference.kubernetes.Manifests.parse;
import static folio.inference.kubernetes.Manifests.pods;
import static folio.inference.kubernetes.Manifests.settings;
import static folio.inference.kubernetes.Manifests.strictly;
import static folio.inference.kubernetes.Manifests.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.inference.InferenceConfig;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1EnvVar;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1LabelSelector;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1PodTemplateSpec;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.openapi.models.V1ServicePort;
import io.kubernetes.client.openapi.models.V1VolumeMount;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;
import io.kubernetes.client.util.Yaml;
import io.smallrye.config.WithName;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The manifests, read as an API server reads them, and the references between their objects. */
class ManifestsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "overlays/cpu",
        "overlays/gpu",
        "overlays/kind",
        "overlays/podman",
        "training",
        "training/gpus"
      })
  void readsEveryObjectStrictly(String folder) {
    assertThat(parse(folder)).hasSizeGreaterThan(2);

    String rendered =
        Manifests.DOCUMENTS
            .splitAsStream(Tools.render(folder))
            .filter(document -> document.contains("kind: NetworkPolicy"))
            .findFirst()
            .orElseThrow();
    assertThatThrownBy(() -> strictly(rendered.replace("podSelector:", "podSelecter:")))
        .hasStackTraceContaining("podSelecter");
    assertThatThrownBy(
            () -> strictly(rendered.replace("networking.k8s.io/v1", "extensions/v1beta1")))
        .hasMessageContaining("extensions/v1beta1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"overlays/cpu", "overlays/gpu", "overlays/kind"})
  void resolvesEveryReferenceBetweenObjects(String overlay) {
    List<Object> objects = parse(overlay);
    V1PodTemplateSpec pod = only(objects, V1Deployment.class).getSpec().getTemplate();
    Map<String, String> labels = pod.getMetadata().getLabels();
    List<String> ports =
        container(pod.getSpec()).getPorts().stream().map(V1ContainerPort::getName).toList();

    V1Service service = only(objects, V1Service.class);
    assertThat(labels).containsAllEntriesOf(service.getSpec().getSelector());
    for (V1ServicePort port : service.getSpec().getPorts()) {
      assertThat(ports).contains(port.getTargetPort().getStrValue());
    }
    assertThat(labels)
        .containsAllEntriesOf(
            only(objects, V1Deployment.class).getSpec().getSelector().getMatchLabels());
    V1NetworkPolicy policy = only(objects, V1NetworkPolicy.class);
    assertThat(labels).containsAllEntriesOf(policy.getSpec().getPodSelector().getMatchLabels());
    assertThat(ports)
        .contains(policy.getSpec().getIngress().get(0).getPorts().get(0).getPort().getStrValue());
    String claim = only(objects, V1PersistentVolumeClaim.class).getMetadata().getName();
    assertThat(claims(pod.getSpec())).containsExactly(claim);
    assertThat(container(pod.getSpec()).getEnvFrom().get(0).getConfigMapRef().getName())
        .isEqualTo(settings(objects).getMetadata().getName());
    assertThat(pod.getSpec().getServiceAccountName())
        .isEqualTo(only(objects, V1ServiceAccount.class).getMetadata().getName());
    assertThat(objects)
        .allSatisfy(
            object ->
                assertThat(Yaml.dump(object)).containsPattern("(?m)^  (name|namespace): folio$"));
  }

  @Test
  void scalesTheDeployment() {
    List<Object> objects = parse("overlays/cpu");
    V1Deployment deployment = only(objects, V1Deployment.class);
    V2HorizontalPodAutoscaler scaler = only(objects, V2HorizontalPodAutoscaler.class);
    V1LabelSelector protectedPods =
        only(objects, V1PodDisruptionBudget.class).getSpec().getSelector();

    assertThat(scaler.getSpec().getScaleTargetRef().getName())
        .isEqualTo(deployment.getMetadata().getName());
    assertThat(deployment.getSpec().getTemplate().getMetadata().getLabels())
        .containsAllEntriesOf(protectedPods.getMatchLabels());
    assertThat(scaler.getSpec().getMinReplicas()).isEqualTo(deployment.getSpec().getReplicas());
  }

  @Test
  void mountsTheKeyFileWhereTheServiceReadsIt() throws IOException {
    V1PodSpec pod = pods(with("keys")).get(0).getSpec();
    String file =
        container(pod).getEnv().stream()
            .filter(each -> each.getName().equals("FOLIO_KEYS"))
            .map(V1EnvVar::getValue)
            .findFirst()
            .orElseThrow();
    V1VolumeMount mount =
        container(pod).getVolumeMounts().stream()
            .filter(each -> file.startsWith(each.getMountPath() + "/"))
            .findFirst()
            .orElseThrow();

    assertThat(pod.getVolumes())
        .anySatisfy(
            volume -> {
              assertThat(volume.getName()).isEqualTo(mount.getName());
              assertThat(volume.getSecret().getSecretName()).isEqualTo("folio-keys");
            });
    assertThat(mount.getReadOnly()).isTrue();
    // The container's user reads the file through its group, which fsGroup sets.
    assertThat(pod.getVolumes().stream().filter(each -> each.getName().equals(mount.getName())))
        .allSatisfy(each -> assertThat(each.getSecret().getDefaultMode()).isEqualTo(0440));
  }

  @Test
  void replacesTheClaimByABucket() throws IOException {
    List<Object> objects = with("s3");
    V1PodSpec pod = pods(objects).get(0).getSpec();
    Map<String, String> settings = settings(objects).getData();

    assertThat(claims(pod)).isEmpty();
    assertThat(settings).containsKeys("FOLIO_CHECKPOINTS", "AWS_REGION");
    assertThat(container(pod).getVolumeMounts())
        .extracting(V1VolumeMount::getMountPath)
        .as("the cache is on a writable volume")
        .containsExactly("/tmp");
    assertThat(settings.get("FOLIO_CACHE")).startsWith("/tmp/");
    assertThat(Yaml.dump(container(pod).getEnvFrom())).contains("name: folio-s3");
    assertThat(only(objects, V1NetworkPolicy.class).getSpec().getEgress()).isNotEmpty();
  }

  @Test
  void keepsAllReplicasDuringAnUpdateExceptOnGpus() {
    assertThat(strategy("overlays/cpu")).contains("maxUnavailable: 0", "type: RollingUpdate");
    assertThat(strategy("overlays/gpu")).contains("type: Recreate").doesNotContain("rollingUpdate");
    assertThat(
            container(pods(parse("overlays/gpu")).get(0).getSpec())
                .getResources()
                .getLimits()
                .get("nvidia.com/gpu")
                .toSuffixedString())
        .isEqualTo("1");
    assertThat(settings(parse("overlays/gpu")).getData()).containsEntry("FOLIO_DEVICE", "cuda");
  }

  private static String strategy(String overlay) {
    return Yaml.dump(only(parse(overlay), V1Deployment.class).getSpec().getStrategy());
  }

  @ParameterizedTest
  @ValueSource(strings = {"overlays/cpu", "overlays/gpu", "overlays/kind"})
  void givesPodsTimeToDrain(String overlay) {
    List<Object> objects = parse(overlay);
    V1PodSpec pod = pods(objects).get(0).getSpec();
    Duration drain = Duration.parse("PT" + settings(objects).getData().get("FOLIO_DRAIN_TIMEOUT"));
    long before = container(pod).getLifecycle().getPreStop().getSleep().getSeconds();

    assertThat(pod.getTerminationGracePeriodSeconds())
        .as("preStop, drain, last bytes")
        .isGreaterThan(before + drain.toSeconds() + 5);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "overlays/cpu",
        "overlays/gpu",
        "overlays/kind",
        "overlays/podman",
        "training",
        "training/gpus"
      })
  void restrictsEveryPod(String folder) {
    assertThat(pods(parse(folder)))
        .isNotEmpty()
        .allSatisfy(
            template -> {
              V1PodSpec pod = template.getSpec();
              assertThat(pod.getAutomountServiceAccountToken()).isFalse();
              assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
              assertThat(pod.getSecurityContext().getSeccompProfile().getType())
                  .isEqualTo("RuntimeDefault");
              V1Container container = container(pod);
              assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
              assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
              assertThat(container.getSecurityContext().getCapabilities().getDrop())
                  .containsExactly("ALL");
              assertThat(container.getResources().getLimits()).containsKey("memory");
              assertThat(container.getResources().getRequests()).containsKeys("cpu", "memory");
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"overlays/cpu", "overlays/gpu", "overlays/kind"})
  void setsOnlySettingsThatTheServiceHas(String overlay) {
    Set<String> known = new HashSet<>();
    addSettings("FOLIO", InferenceConfig.class, known);

    assertThat(known)
        .contains("FOLIO_QUEUE_CAPACITY", "FOLIO_LIMITS_MAX_TOKENS", "FOLIO_TURN_TIMEOUT");
    assertThat(known).containsAll(settings(parse(overlay)).getData().keySet());
  }

  /** Adds the environment variables of all settings of a group. */
  private static void addSettings(String prefix, Class<?> group, Set<String> names) {
    for (Method method : group.getDeclaredMethods()) {
      WithName renamed = method.getAnnotation(WithName.class);
      String setting =
          renamed == null ? method.getName().replaceAll("([A-Z])", "-$1") : renamed.value();
      String name = prefix + "_" + setting.replace('-', '_').toUpperCase(Locale.ROOT);
      if (method.getReturnType().isInterface()
          && method.getReturnType().getEnclosingClass() == InferenceConfig.class) {
        addSettings(name, method.getReturnType(), names);
      } else {
        names.add(name);
      }
    }
  }

  @Test
  void givesEveryRunOfASweepAnIndex() throws IOException {
    List<Object> objects = parse("training");
    V1Job sweep =
        all(objects, V1Job.class).stream()
            .filter(job -> job.getMetadata().getName().equals("folio-sweep"))
            .findFirst()
            .orElseThrow();
    long runs =
        Files.readAllLines(Tools.K8S.resolve("training/runs.txt")).stream()
            .filter(line -> line.contains(":") && !line.matches("#.*|(.*\\.)?all:.*"))
            .count();

    assertThat(sweep.getSpec().getCompletionMode()).isEqualTo("Indexed");
    assertThat(sweep.getSpec().getCompletions()).isEqualTo((int) runs);
    String mounted =
        Optional.ofNullable(sweep.getSpec().getTemplate().getSpec().getVolumes()).stream()
            .flatMap(List::stream)
            .filter(volume -> volume.getConfigMap() != null)
            .map(volume -> volume.getConfigMap().getName())
            .findFirst()
            .orElseThrow();
    assertThat(only(objects, V1ConfigMap.class).getMetadata().getName()).isEqualTo(mounted);
  }

  @Test
  void startsEveryRankOfARunOnSeveralGpus() {
    List<Object> objects = parse("training/gpus");
    V1Job job = only(objects, V1Job.class);
    int ranks = job.getSpec().getCompletions();
    V1PodTemplateSpec pod = job.getSpec().getTemplate();
    Map<String, V1EnvVar> environment =
        container(pod.getSpec()).getEnv().stream()
            .collect(Collectors.toMap(V1EnvVar::getName, variable -> variable));
    V1Service service = only(objects, V1Service.class);
    String leader = job.getMetadata().getName() + "-0." + service.getMetadata().getName();

    assertThat(job.getSpec().getCompletionMode()).isEqualTo("Indexed");
    assertThat(job.getSpec().getParallelism()).isEqualTo(ranks);
    assertThat(environment.get("WORLD_SIZE").getValue()).isEqualTo("" + ranks);
    assertThat(environment.get("RANK").getValueFrom().getFieldRef().getFieldPath())
        .isEqualTo("metadata.annotations['batch.kubernetes.io/job-completion-index']");
    assertThat(environment.get("MASTER_ADDR").getValue()).isEqualTo(leader);
    assertThat(environment.get("MASTER_PORT").getValue())
        .isEqualTo("" + service.getSpec().getPorts().get(0).getPort());
    assertThat(pod.getSpec().getSubdomain()).isEqualTo(service.getMetadata().getName());
    assertThat(service.getSpec().getPublishNotReadyAddresses()).isTrue();
    assertThat(pod.getMetadata().getLabels())
        .containsAllEntriesOf(service.getSpec().getSelector())
        .containsAllEntriesOf(
            only(objects, V1NetworkPolicy.class).getSpec().getPodSelector().getMatchLabels());
  }

  @Test
  void sharesTheClaimBetweenTrainersAndService() {
    String claim = claims(pods(parse("overlays/cpu")).get(0).getSpec()).get(0);

    assertThat(pods(parse("training")))
        .hasSize(3)
        .allSatisfy(pod -> assertThat(claims(pod.getSpec())).containsExactly(claim));
  }
}
