package dev.weft.e2e.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What a command will ask of the machine, read from its arguments.
///
/// @param localCluster whether it makes a Kubernetes from packages
/// @param images whether it makes images
/// @param go whether it builds, or takes files from, Go modules in any case
record Needs(LocalCluster localCluster, boolean images, boolean go) {
    enum LocalCluster {
        NO,
        UNLESS_DOCKER,
        ALWAYS
    }

    static final Needs NOTHING = new Needs(LocalCluster.NO, false, false);
    static final Needs NODE_ALONE = new Needs(LocalCluster.ALWAYS, false, false);

    private static final Set<String> PHASES_WITH_ITS =
            Set.of("integration-test", "post-integration-test", "verify", "install", "deploy");
    private static final String TESTS_ON_A_CLUSTER = "e2e";
    private static final String TESTS_WITH_GO = "proxy-runtime";

    /// `./weft ARGUMENTS`.
    static Needs ofWeft(List<String> arguments) {
        if (arguments.stream().anyMatch(Set.of("-h", "--help", "help")::contains)) {
            return NOTHING;
        }
        if (arguments.size() >= 2 && arguments.subList(0, 2).equals(List.of("cluster", "up"))) {
            return NODE_ALONE;
        }
        if (arguments.isEmpty() || !arguments.getFirst().equals("demo")) {
            return NOTHING;
        }
        boolean named =
                arguments.stream()
                        .map(argument -> argument.replaceFirst("=.*", ""))
                        .anyMatch(Set.of("--kubeconfig", "--cluster")::contains);
        return new Needs(
                named
                        ? LocalCluster.NO
                        : arguments.contains("--keep")
                                ? LocalCluster.ALWAYS
                                : LocalCluster.UNLESS_DOCKER,
                true,
                true);
    }

    /// `./mvnw ARGUMENTS`, at the top of the checkout.
    static Needs ofMaven(List<String> arguments) {
        if (arguments.stream().noneMatch(PHASES_WITH_ITS::contains)
                || isTrue(arguments, "skipTests")
                || isTrue(arguments, "skipITs")
                || isTrue(arguments, "maven.test.skip")) {
            return NOTHING;
        }
        boolean onCluster = builds(arguments, TESTS_ON_A_CLUSTER);
        boolean named =
                property(arguments, "weft.kubeconfig").isPresent()
                        || property(arguments, "weft.cluster").isPresent();
        return new Needs(
                onCluster && !named ? LocalCluster.UNLESS_DOCKER : LocalCluster.NO,
                onCluster,
                onCluster || builds(arguments, TESTS_WITH_GO));
    }

    private static boolean isTrue(List<String> arguments, String name) {
        return property(arguments, name)
                .filter(value -> value.isEmpty() || value.equals("true"))
                .isPresent();
    }

    private static Optional<String> property(List<String> arguments, String name) {
        var set = "-D" + name;
        return String.join("\n", arguments)
                .replace("-D\n", "-D")
                .lines()
                .filter(argument -> argument.equals(set) || argument.startsWith(set + "="))
                .map(argument -> argument.substring(Math.min(argument.length(), set.length() + 1)))
                .reduce((_, last) -> last);
    }

    /// Whether Maven comes to a module: all are built unless some are chosen.
    private static boolean builds(List<String> arguments, String module) {
        if (arguments.contains("-N") || arguments.contains("--non-recursive")) {
            return false;
        }
        var chosen = new ArrayList<String>();
        for (var project : projects(arguments)) {
            var name = project.replaceFirst("^[+!-]?\\??", "").replaceFirst("^(:weft-|\\./)", "");
            if (!project.startsWith("!") && !project.startsWith("-")) {
                chosen.add(name);
            } else if (name.equals(module)) {
                return false;
            }
        }
        return chosen.isEmpty()
                || chosen.contains(module)
                || arguments.contains("-amd")
                || arguments.contains("--also-make-dependents");
    }

    private static List<String> projects(List<String> arguments) {
        var projects = new ArrayList<String>();
        for (int i = 0; i < arguments.size(); i++) {
            var argument = arguments.get(i);
            if ((argument.equals("-pl") || argument.equals("--projects"))
                    && i + 1 < arguments.size()) {
                projects.addAll(List.of(arguments.get(i + 1).split(",")));
            } else if (argument.startsWith("-pl=") || argument.startsWith("--projects=")) {
                projects.addAll(List.of(argument.substring(argument.indexOf('=') + 1).split(",")));
            }
        }
        return projects;
    }
}
