/// What people read: enter at [Story]. [StatusWriter] is the one writer of status.
@NullMarked
package dev.weft.operator.tell;

import org.jspecify.annotations.NullMarked;
