/* audit-hold */
int
main(void)
{
	return 2;
}
