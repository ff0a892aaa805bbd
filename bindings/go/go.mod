module tvmtrt

go 1.19
