/* The header stands alone, may be included twice, and says nothing that a strict compiler minds. */
#include "tvmtrt.h"
#include "tvmtrt.h"

int main(void) {
  return (int)(tvmtrt_version_major() - TVMTRT_VERSION_MAJOR);
}
