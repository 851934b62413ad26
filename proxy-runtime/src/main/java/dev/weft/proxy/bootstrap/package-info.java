/// What a proxy knows before it has spoken to anybody: where its files are, which build it is,
/// which pod it is in, and by which bootstrap it finds its control plane. Enter at [Revisions].
@NullMarked
package dev.weft.proxy.bootstrap;

import org.jspecify.annotations.NullMarked;
