module taskgrant.dev/e2e/cluster/programs/pause

go 1.21
