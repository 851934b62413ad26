package dev.weft.proxy.intercept;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The interception of the image, in a pod of its own: a network namespace, with another one as its
/// peer.
class InterceptIT {
    private static final String POD = "weft-it-pod-" + ProcessHandle.current().pid();
    private static final String PEER = "weft-it-peer-" + ProcessHandle.current().pid();
    private static final String APPLICATION = "1000";
    private static final String PROXY = "1337";
    private static final String[] OF_THE_PROXY = {"15001", "15006", "15020", "15021"};

    private static Path classes;

    private final List<Process> running = new ArrayList<>();

    @BeforeAll
    static void connect() throws Exception {
        assumeTrue(
                "root".equals(System.getProperty("user.name"))
                        && there("nft")
                        && there("ip")
                        && there("setpriv"),
                "NOT RUN: interception is tested as root, with nft, ip and setpriv installed");
        classes =
                Files.createTempDirectory(
                        "weft-it",
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwxr-xr-x")));
        Path wire = classes.resolve("dev/weft/proxy/intercept/Wire.class");
        Files.createDirectories(wire.getParent());
        try (InputStream in = InterceptIT.class.getResourceAsStream("Wire.class")) {
            Files.copy(java.util.Objects.requireNonNull(in), wire);
        }
        assumeTrue(
                tried("ip", "netns", "add", POD) == 0,
                "NOT RUN: interception is tested where network namespaces can be made");
        run("ip", "netns", "add", PEER);
        run(
                "ip", "link", "add", "pod0", "netns", POD, "type", "veth", "peer", "name", "peer0",
                "netns", PEER);
        for (String[] end : new String[][] {{POD, "pod0", "2"}, {PEER, "peer0", "1"}}) {
            run("ip", "-n", end[0], "link", "set", "lo", "up");
            run("ip", "-n", end[0], "address", "add", "10.99.0." + end[2] + "/24", "dev", end[1]);
            run(
                    "ip",
                    "-n",
                    end[0],
                    "address",
                    "add",
                    "fd99::" + end[2] + "/64",
                    "dev",
                    end[1],
                    "nodad");
            run("ip", "-n", end[0], "link", "set", end[1], "up");
        }
        run("ip", "-n", POD, "route", "add", "default", "via", "10.99.0.1");
        run("ip", "-n", POD, "route", "add", "default", "via", "fd99::1");
        // as the image's init does; twice, for a container may be started again
        var rules = Path.of("src/main/image/opt/weft/intercept.nft").toAbsolutePath().toString();
        run("ip", "netns", "exec", POD, "nft", "-f", rules);
        run("ip", "netns", "exec", POD, "nft", "-f", rules);
    }

    @AfterAll
    static void disconnect() throws Exception {
        if (classes != null) {
            tried("ip", "netns", "del", POD);
            tried("ip", "netns", "del", PEER);
            try (Stream<Path> files = Files.walk(classes)) {
                for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    @AfterEach
    void stop() throws InterruptedException {
        for (Process process : running) {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void sends_what_the_application_calls_through_the_outbound_listener() throws IOException {
        serve();

        var reached =
                call(
                        POD,
                        APPLICATION,
                        "- 10.200.0.1 80",
                        "- fd98::1 80",
                        "- 10.99.0.2 8080",
                        "- fd99::2 8080",
                        "- 127.0.0.1 8080",
                        "- ::1 8080");

        assertThat(reached).containsExactly("15001", "15001", "15001", "15001", "8080", "8080");
    }

    @Test
    void leaves_the_proxys_own_calls_alone_except_those_to_its_own_pod() throws IOException {
        serve();

        var reached =
                call(
                        POD,
                        PROXY,
                        "- 10.99.0.2 8080",
                        "- fd99::2 8080",
                        "- 127.0.0.1 8080",
                        "- ::1 8080",
                        "127.0.0.1 10.99.0.2 8080",
                        "::1 fd99::2 8080");

        assertThat(reached).containsExactly("8080", "8080", "8080", "8080", "15006", "15006");
    }

    @Test
    void sends_what_arrives_through_the_inbound_listener_except_health_and_metrics()
            throws IOException {
        serve();

        var reached =
                call(
                        PEER,
                        APPLICATION,
                        "- 10.99.0.2 8080",
                        "- fd99::2 8080",
                        "- 10.99.0.2 9",
                        "- fd99::2 9",
                        "- 10.99.0.2 15020",
                        "- fd99::2 15021");

        assertThat(reached).containsExactly("15006", "15006", "15006", "15006", "15020", "15021");
    }

    @Test
    void lets_new_connections_wait_while_the_proxy_is_away() throws IOException {
        var calls =
                List.of(
                        begin(PEER, APPLICATION, "- 10.99.0.2 8080"),
                        begin(PEER, APPLICATION, "- fd99::2 8080"),
                        begin(POD, APPLICATION, "- 10.200.0.1 80"),
                        begin(POD, APPLICATION, "- fd98::1 80"));
        var outputs = new ArrayList<BufferedReader>();
        for (Process call : calls) {
            var output = call.inputReader();
            assertThat(output.readLine()).isEqualTo("calling");
            outputs.add(output);
        }

        serve();

        var reached = new ArrayList<String>();
        for (BufferedReader output : outputs) {
            reached.add(output.readLine());
        }
        assertThat(reached).containsExactly("15006", "15006", "15001", "15001");
    }

    @Test
    void holds_new_connections_back_when_the_proxy_asks_for_it_and_lets_them_in_again()
            throws Exception {
        serve();
        var reached = new ArrayList<String>();

        for (var tries = 0; tries < 20 && droppedSyns() == 0; tries++) {
            var call = begin(PEER, APPLICATION, "- 10.99.0.2 8080", "- 10.99.0.2 8080");
            var output = call.inputReader();
            knock(PROXY, 15006);
            reached.addAll(output.lines().toList());
        }

        assertThat(droppedSyns()).isPositive();
        assertThat(reached).filteredOn(line -> !line.equals("calling")).containsOnly("15006");
    }

    @Test
    void an_application_cannot_hold_connections_back() throws Exception {
        knock(APPLICATION, 15001);

        assertThat(nft("list", "set", "inet", "weft", "closed")).doesNotContain("15001");
    }

    @Test
    void still_refuses_what_no_proxy_is_meant_for() throws IOException {
        assertThat(call(PEER, APPLICATION, "- 10.99.0.2 15020")).containsExactly("refused");
    }

    private static void knock(String uid, int port) throws Exception {
        run(
                "ip",
                "netns",
                "exec",
                POD,
                "setpriv",
                "--reuid=" + uid,
                "--regid=" + uid,
                "--clear-groups",
                "bash",
                "-c",
                "echo > /dev/udp/127.0.0.1/" + port);
    }

    private static int droppedSyns() throws Exception {
        var counted =
                Pattern.compile("counter packets (\\d+)")
                        .matcher(nft("list", "chain", "inet", "weft", "gate"));
        assertThat(counted.find()).isTrue();
        return Integer.parseInt(counted.group(1));
    }

    private static String nft(String... arguments) throws Exception {
        var command = new ArrayList<>(List.of("ip", "netns", "exec", POD, "nft"));
        command.addAll(Arrays.asList(arguments));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    private void serve() throws IOException {
        var arguments = new ArrayList<>(List.of("serve", "8080"));
        arguments.addAll(Arrays.asList(OF_THE_PROXY));
        assertThat(java(POD, PROXY, arguments).inputReader().readLine()).isEqualTo("up");
    }

    private List<String> call(String namespace, String uid, String... calls) throws IOException {
        var lines = begin(namespace, uid, calls).inputReader().lines().toList();
        return lines.subList(1, lines.size());
    }

    private Process begin(String namespace, String uid, String... calls) throws IOException {
        var arguments = new ArrayList<>(List.of("call"));
        Stream.of(calls)
                .map(call -> call.split(" "))
                .forEach(call -> arguments.addAll(Arrays.asList(call)));
        return java(namespace, uid, arguments);
    }

    private Process java(String namespace, String uid, List<String> arguments) throws IOException {
        var command =
                new ArrayList<>(
                        List.of(
                                "ip",
                                "netns",
                                "exec",
                                namespace,
                                "setpriv",
                                "--reuid=" + uid,
                                "--regid=" + uid,
                                "--clear-groups",
                                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-Xshare:auto",
                                "-XX:-UsePerfData",
                                "-cp",
                                classes.toString(),
                                Wire.class.getName()));
        command.addAll(arguments);
        var process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        running.add(process);
        return process;
    }

    private static boolean there(String command) throws Exception {
        return tried("sh", "-c", "command -v " + command) == 0;
    }

    private static void run(String... command) throws Exception {
        assertThat(tried(command)).as(String.join(" ", command)).isZero();
    }

    private static int tried(String... command) throws Exception {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException(String.join(" ", command) + " hangs");
        }
        if (process.exitValue() != 0) {
            System.out.print(said);
        }
        return process.exitValue();
    }
}
