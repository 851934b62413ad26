package dev.weft.e2e.demo;

import java.util.List;
import java.util.Locale;

/// The demo's last page.
final class DemoPage {
    private DemoPage() {}

    /// @param next commands to look further
    static String of(DemoReport report, List<String> next) {
        var page = new StringBuilder();
        page.append('\n')
                .append(report.proved() ? "What was proved" : "NOT everything was proved")
                .append("\n\n");
        for (Proof proof : report.proofs()) {
            page.append(proof.held() ? "  ok    " : "  FAIL  ")
                    .append(proof.what())
                    .append("\n        ")
                    .append(proof.finding())
                    .append('\n');
        }
        trouble(report, page);
        page.append("\nFigures, of this machine and this load\n\n");
        report.figures()
                .forEach(figure ->
                        page.append(String.format("  %-58s %s%n", figure.name(), figure.value())));
        page.append("\nTime\n\n");
        report.seconds()
                .forEach((part, seconds) ->
                        page.append(
                                String.format(Locale.ROOT, "  %-58s %6.1f s%n", part, seconds)));
        page.append("\nLook further\n\n");
        next.forEach(command -> page.append("  ").append(command).append('\n'));
        return page.toString();
    }

    private static void trouble(DemoReport report, StringBuilder page) {
        var load = report.load();
        load.failures().stream()
                .limit(10)
                .forEach(failure -> page.append("  failed:  ").append(failure).append('\n'));
        load.missingIds().stream()
                .limit(5)
                .forEach(id -> page.append("  missing: ").append(id).append('\n'));
        load.duplicateIds().stream()
                .limit(5)
                .forEach(id -> page.append("  twice:   ").append(id).append('\n'));
        report.upgrade().pods().stream()
                .filter(pod ->
                        !pod.upgradedInPlace(report.upgrade().from(), report.upgrade().to())
                                || !pod.carriedTraffic()
                                || pod.appRestarts() > 0)
                .forEach(pod -> page.append("  pod:     ").append(pod).append('\n'));
    }
}
