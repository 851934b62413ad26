/// The `weft` command: enter at [Weft]. Each subcommand is one class; what it prints comes from a
/// pure view ([StatusView]) that tests read without a cluster.
@NullMarked
package dev.weft.cli;

import org.jspecify.annotations.NullMarked;
