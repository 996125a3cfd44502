// SPDX-License-Identifier: MIT
#pragma once

/// Inside base only: what every use of libsodium needs first.
namespace weft::crypto {

/// libsodium chooses its code by the processor here; any thread may come first.
void prepare_sodium();

}  // namespace weft::crypto
