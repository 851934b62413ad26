package dev.weft.e2e.suite;

import dev.weft.api.Names;
import dev.weft.e2e.mesh.Workloads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// After a test that failed: what the cluster and the mesh say, into `target/cluster-dumps`.
final class DumpOnFailure implements AfterTestExecutionCallback {
    @Override
    public void afterTestExecution(ExtensionContext context) throws IOException {
        if (context.getExecutionException().isEmpty()) {
            return;
        }
        Path folder =
                Path.of("target", "cluster-dumps")
                        .resolve(
                                context.getRequiredTestClass().getSimpleName()
                                        + "."
                                        + context.getRequiredTestMethod().getName());
        Files.createDirectories(folder);
        var mesh = TestMesh.shared();
        keep(folder, "pods.txt", mesh, "get", "pods", "-A", "-o", "wide");
        keep(folder, "pods.yaml", mesh, "get", "pods", "-n", TestMesh.MESHED, "-o", "yaml");
        keep(folder, "events.txt", mesh, "get", "events", "-A", "--sort-by=.lastTimestamp");
        keep(folder, "mesh.yaml", mesh, "get", "meshinstallations,meshrevisions", "-o", "yaml");
        for (var pod : mesh.client().pods().inNamespace(Names.NAMESPACE).list().getItems()) {
            logs(folder, mesh, Names.NAMESPACE, pod.getMetadata().getName(), "--all-containers");
        }
        for (var pod : mesh.client().pods().inAnyNamespace().list().getItems()) {
            if (Workloads.isMeshed(pod)) {
                String namespace = pod.getMetadata().getNamespace();
                String name = pod.getMetadata().getName();
                logs(folder, mesh, namespace, name, "--container=" + Workloads.proxyContainer(pod));
                logs(folder, mesh, namespace, name, "--all-containers");
            }
        }
    }

    private static void logs(
            Path folder, TestMesh mesh, String namespace, String pod, String containers)
            throws IOException {
        keep(
                folder,
                pod + containers.replace("--", ".").replace("=", "-") + ".log",
                mesh,
                "logs",
                "-n",
                namespace,
                pod,
                containers,
                "--prefix",
                "--tail=3000");
    }

    private static void keep(Path folder, String file, TestMesh mesh, String... kubectl)
            throws IOException {
        var output = mesh.cluster().kubectl(kubectl);
        Files.writeString(folder.resolve(file), output.stdout() + output.stderr());
    }
}
