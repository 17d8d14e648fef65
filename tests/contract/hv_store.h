/* The case of hv_contract about the words that host and guest leave each other. */
#pragma once

#include "hv_fixture.h"

void hv_store_test(Bench *bench);
