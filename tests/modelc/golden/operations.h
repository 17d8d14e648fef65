/* The states of objects that operations depend on, as bits.
 * Generated from the model; do not edit. */
#pragma once

/* Lamp */
enum {
    LAMP_WHEN_DARK = 1 << 0,
    LAMP_WHEN_BRIGHT = 1 << 1,
};
