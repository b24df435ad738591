! swell.f90: comments and doubled quotes. Nothing here is built.
module swell
  implicit none ! it's "quoted"
  character(len=20), parameter :: name = "a ! no comment", other = 'it''s "one"'
  real, dimension(2, 3) :: heights = reshape([1., 2., 3., 4., 5., 6.], [2, 3]) ! (
contains
  !> A documented function, "quoted" and with (brackets
  pure function rise(h, n) result(r)
    real, intent(in) :: h(:)   !< heights
    integer, intent(in) :: n
    real :: r
    r = sum(h(1:n)) / 2 / max(1, n) ! halves
    if (n > 1 .and. (h(1) > 0)) then ! yes
      r = r * (1 + (2 - h(n))) &  ! goes on
          + 1
    end if
  end function rise
  subroutine tell()
    print *, "say ""hi"" ! no", 'x', "" ! done
    write (*, '(a, i0, "!")') "n = ", 3
  end subroutine tell
end module swell
!
! the end
