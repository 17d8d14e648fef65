#include "hv/hv.h"
const HvDriver hv_fake_driver = {.name = "fake"};
